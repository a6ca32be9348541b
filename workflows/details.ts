import type { RunProgress } from './types.ts';

/** The run as Markdown, for the page of the workflow in Temporal's console. */
export const describeRun = ({ experiment, device, nodes }: RunProgress): string =>
  [
    `**${experiment}** on ${device}: ${nodes.filter(({ outputs }) => outputs).length} of ${nodes.length} stages there`,
    '',
    '| stage | kind | state | waits for |',
    '| --- | --- | --- | --- |',
    ...nodes.map(
      ({ id, kind, state, waitsFor, failure }) =>
        `| ${id} | ${kind} | ${failure ? `${state}: ${failure.code}` : state} | ${waitsFor.join(', ')} |`,
    ),
  ].join('\n');
