import type { ActionRecord } from '../../core/action.ts';
import type { Digest } from '../../core/digest.ts';
import { CemiflowError, type Json } from '../../core/errors.ts';
import { type Lineage, type MadeNode, madeNodes, shardsOf } from '../../core/lineage.ts';
import { dependenciesOf, isNodeRef } from '../../core/plan.ts';
import { withoutNodes } from '../../core/skips.ts';
import { isRaw } from '../roles.ts';

/** One step of a chain: a node of the run, and what it took. */
export interface Step {
  readonly id: string;
  readonly record: ActionRecord;
  readonly parts: number;
  /** With that of its parts. */
  readonly wallSeconds: number;
  readonly inputs: readonly Input[];
}

export interface Input {
  /** The parameter that took it: `data`, `accuracy.2.metrics.0.artifact`. */
  readonly name: string;
  /** The node that made it. */
  readonly node: string;
  readonly artifact: Digest;
}

/** The steps that something depends on. */
export interface Chain {
  /** Ids of the nodes that made what is traced. */
  readonly tops: readonly string[];
  /** In the plan's order, which is topological: what a step took comes before it. */
  readonly steps: readonly Step[];
  /** Ids of the steps that took nothing: where the chain ends. */
  readonly ends: readonly string[];
}

/** Whether a chain ends in raw data alone. */
export const endsInData = ({ steps, ends }: Chain): boolean =>
  ends.length > 0 && steps.every(({ id, record }) => !ends.includes(id) || isRaw({ record }));

/** @throws CemiflowError `UntracedNode` where a node has not been made */
export const chainOf = (lineage: Lineage, tops: readonly string[]): Chain => {
  const nodes = new Map(madeNodes(lineage).map((made) => [made.node.id, made]));
  const found = new Map<string, Step>();
  const visit = (id: string): void => {
    if (found.has(id)) return;
    const made = nodes.get(id);
    if (!made)
      throw new CemiflowError('UntracedNode', `${id} of ${lineage.run.id} has not been made, or its record is gone`, {
        remedy: `cemiflow status ${lineage.run.id} says why`,
        data: { run: lineage.run.id, node: id },
      });
    const inputs = inputsOfNode(made, nodes);
    const parts = shardsOf(lineage, made.record);
    const wallSeconds = [made.record, ...parts].reduce((sum, { spent }) => sum + spent.wallSeconds, 0);
    found.set(id, { id, record: made.record, parts: parts.length, wallSeconds, inputs });
    for (const { node } of inputs) visit(node);
  };
  for (const id of tops) visit(id);
  const steps = [...nodes.keys()].flatMap((id) => found.get(id) ?? []);
  return {
    tops: [...new Set(tops)],
    steps,
    ends: steps.filter(({ inputs }) => inputs.length === 0).map(({ id }) => id),
  };
};

/** What a node took, by the parameter. */
export const inputsOf = (lineage: Lineage, made: MadeNode): Input[] =>
  inputsOfNode(made, new Map(madeNodes(lineage).map((each) => [each.node.id, each])));

/** A node took nothing from nodes that were skipped: its lists are shorter without them. */
const inputsOfNode = ({ node }: MadeNode, nodes: ReadonlyMap<string, MadeNode>): Input[] => {
  const lost = new Set(dependenciesOf(node).filter((id) => !nodes.has(id)));
  const inputs: Input[] = [];
  const walk = (value: Json, path: readonly string[]): void => {
    if (isNodeRef(value)) {
      const artifact = nodes.get(value.$node)?.record.outputs[value.$output]?.digest;
      if (artifact) inputs.push({ name: path.join('.'), node: value.$node, artifact });
    } else if (value !== null && typeof value === 'object')
      for (const [key, item] of Object.entries(value)) walk(item, [...path, key]);
  };
  walk(withoutNodes(node.params, lost), []);
  return inputs;
};
