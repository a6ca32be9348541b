import type { Outputs } from './action.ts';
import type { JsonObject } from './errors.ts';
import { dependenciesOf, isReport, type Plan, type PlanNode, resolveParams } from './plan.ts';
import { nodeWithout, skipsAmong, withoutNodes } from './skips.ts';

/** How much of a run is there: of each node of its plan, what it made, or why the run does without it. */
export interface Made {
  readonly outputs: ReadonlyMap<string, Outputs>;
  /** Reasons by the ids of skipped nodes. */
  readonly skipped: ReadonlyMap<string, string>;
}

/** A node that takes what others made, such as a report, as far as its inputs are there. */
export interface NodeSoFar {
  /** Resolved, without what is not made yet; `skipped` names the skipped inputs, as in the params of a finished report. */
  readonly params: JsonObject;
  /** Inputs that are neither made nor skipped. */
  readonly missing: readonly PlanNode[];
  /** All inputs that are not skipped. */
  readonly wanted: readonly PlanNode[];
  /** Of each param that lacks something: how many of its inputs are there. */
  readonly partial: ReadonlyMap<string, Share>;
}

export interface Share {
  readonly made: number;
  readonly of: number;
}

/** The last node of a plan that makes a report. */
export const reportNodeOf = ({ nodes }: Plan): PlanNode | undefined => [...nodes].reverse().find(isReport);

/** What a node can be made from so far. */
export const nodeSoFar = (node: PlanNode, { nodes }: Plan, { outputs, skipped }: Made): NodeSoFar => {
  const inputs = dependenciesOf(node);
  const wanted = nodes.filter(({ id }) => inputs.includes(id) && !skipped.has(id));
  const missing = wanted.filter(({ id }) => !outputs.has(id));
  const absent = new Set(missing.map(({ id }) => id));
  const left = nodeWithout(
    node,
    skipsAmong(inputs, (id) => skipped.get(id)),
  );
  const partial = Object.entries(node.params).flatMap(([name, value]): [string, Share][] => {
    const own = dependenciesOf({ params: { [name]: value } }).filter((id) => !skipped.has(id));
    const made = own.filter((id) => !absent.has(id)).length;
    return made < own.length ? [[name, { made, of: own.length }]] : [];
  });
  const params = resolveParams({ ...left, params: withoutNodes(left.params, absent) }, outputs);
  return { params, missing, wanted, partial: new Map(partial) };
};
