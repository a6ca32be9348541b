import type { ActionKey, ActionRecord } from '../../core/action.ts';
import type { Digest } from '../../core/digest.ts';
import type { Json } from '../../core/errors.ts';
import type { Lineage } from '../../core/lineage.ts';
import { isNodeRef, type NodeRef, type PlanNode } from '../../core/plan.ts';

/** One run, asked by the ids of its nodes. */
export interface Side {
  readonly lineage: Lineage;
  readonly nodes: ReadonlyMap<string, PlanNode>;
  keyOf(id: string): ActionKey | undefined;
  /** Undefined where the node was not made. */
  recordOf(id: string): ActionRecord | undefined;
  /** Why the run did without the node. */
  skippedOf(id: string): string | undefined;
  outputOf(ref: NodeRef): Digest | undefined;
}

export const sideOf = (lineage: Lineage): Side => {
  const { run, records } = lineage;
  const keyOf = (id: string): ActionKey | undefined => {
    const made = run.nodes[id];
    return made && 'key' in made ? made.key : undefined;
  };
  const recordOf = (id: string): ActionRecord | undefined => records.get(keyOf(id) ?? ('' as ActionKey));
  return {
    lineage,
    nodes: new Map(run.plan.nodes.map((node) => [node.id, node])),
    keyOf,
    recordOf,
    skippedOf: (id) => {
      const node = run.nodes[id];
      return node && 'skipped' in node ? node.skipped : undefined;
    },
    outputOf: (ref) => recordOf(ref.$node)?.outputs[ref.$output]?.digest,
  };
};

/** The outputs that the params name, each once. */
export const refsIn = (...params: readonly Json[]): NodeRef[] => {
  const found = new Map<string, NodeRef>();
  const walk = (value: Json): void => {
    if (isNodeRef(value)) found.set(`${value.$node} ${value.$output}`, value);
    else if (value !== null && typeof value === 'object') for (const item of Object.values(value)) walk(item);
  };
  for (const each of params) walk(each);
  return [...found.values()];
};
