import type { Source, Trace, TraceNode } from './recorder.ts';
import type { Shaped } from './shapes.ts';

/** What of a trace depends on fixed inputs alone, and so can be computed once instead of at each run. */
export interface Prepared {
  /** Indices of ops that are computed once. */
  readonly ops: ReadonlySet<number>;
  /** Their results that the rest of the trace reads. */
  readonly results: readonly (Shaped & { readonly source: Source })[];
}

/**
 * Finds the casts, folded normalisations and reshaped pieces of weights that do not change.
 *
 * @param isFixed whether an input keeps its value
 * @param wanted what is fetched from the trace besides
 */
export const prepare = ({ nodes }: Trace, isFixed: (name: string) => boolean, wanted: readonly Source[]): Prepared => {
  const ops = new Set<number>();
  const fixed = nodes.map((node) => node.type === 'input' && isFixed(node.name));
  for (const [index, node] of nodes.entries()) {
    if (node.type !== 'op' || node.after) continue;
    const inputs = node.inputs.filter(([input]) => nodes[input]?.type !== 'constant');
    if (inputs.length === 0 || !inputs.every(([input]) => fixed[input])) continue;
    fixed[index] = true;
    ops.add(index);
  }
  const read = [
    ...nodes.flatMap((node, index) => (node.type === 'op' && !ops.has(index) ? node.inputs : [])),
    ...wanted,
  ];
  const results = new Map(read.filter(([input]) => ops.has(input)).map((source) => [String(source), source]));
  return {
    ops,
    results: [...results.values()].map((source) => {
      const { outputs } = nodes[source[0]] as TraceNode & { type: 'op' };
      return { source, ...(outputs[source[1]] as Shaped) };
    }),
  };
};
