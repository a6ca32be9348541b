import { plural } from '../core/words.ts';
import type { NodeProgress, RunProgress } from './types.ts';

/** The run as Markdown, for the page of the workflow in Temporal's console. */
export const runAsMarkdown = ({ experiment, device, state, aborted, nodes }: RunProgress): string =>
  [
    `**${experiment}** on ${device}: ${nodes.filter(({ outputs }) => outputs).length} of ${plural(nodes.length, 'stage')} there`,
    ...(aborted ? [`, aborted${aborted.because && `: ${aborted.because}`}`] : []),
    ...(state === 'running' ? [] : [`, **${state}**`]),
    '\n\n| stage | kind | state | waits for |\n| --- | --- | --- | --- |',
    ...nodes.map((node) => `\n| ${node.id} | ${node.kind} | ${stateOf(node)} | ${node.waitsFor.join(', ')} |`),
  ].join('');

const stateOf = ({ state, failure, skipped }: NodeProgress): string => {
  if (failure) return `${state}: ${failure.code}`;
  return skipped ? `${state}: ${skipped.because}` : state;
};
