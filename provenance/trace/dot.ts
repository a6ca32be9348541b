import { shortDigest } from '../../core/digest.ts';
import type { Chain } from './chain.ts';

/** The chain for Graphviz: `cemiflow trace RUN CELL --dot | dot -Tsvg`. Arrows run from what was taken to what took it. */
export const dotOf = ({ steps, tops }: Chain, top?: string): string => {
  const quote = (text: string): string => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
  const lines = steps.flatMap(({ id, record, inputs }) => [
    `  ${quote(id)} [label=${quote(`${id}\n${record.action.kind}\n${shortDigest(record.key)}`)}];`,
    ...inputs.map(
      ({ node, name, artifact }) =>
        `  ${quote(node)} -> ${quote(id)} [label=${quote(`${name} ${shortDigest(artifact)}`)}];`,
    ),
  ]);
  const crown =
    top === undefined
      ? []
      : [`  ${quote(top)} [shape=plaintext];`, ...tops.map((id) => `  ${quote(id)} -> ${quote(top)};`)];
  return [
    'digraph chain {',
    '  rankdir=BT; node [shape=box, fontname="Helvetica"]; edge [fontname="Helvetica", fontsize=9];',
    ...lines,
    ...crown,
    '}',
  ].join('\n');
};
