import type { Json, JsonObject } from './errors.ts';
import { isNodeRef, type PlanNode } from './plan.ts';

/**
 * The params of a node that runs without some of its inputs. A list entry that references a skipped node is dropped, and so is
 * a nested list that loses all its entries. A top-level param becomes null, or an empty list if it was one.
 */
export const withoutNodes = (params: JsonObject, skipped: ReadonlySet<string>): JsonObject =>
  Object.fromEntries(
    Object.entries(params).map(([name, value]) => [
      name,
      pruned(value, skipped) ?? (Array.isArray(value) ? ([] as Json[]) : null),
    ]),
  );

/** An input that a node runs without, and why. */
export interface Skip {
  readonly stage: string;
  readonly because: string;
}

/** Which of a node's inputs are skipped. @param becauseOf why a node was; undefined where it was not */
export const skipsAmong = (inputs: readonly string[], becauseOf: (id: string) => string | undefined): Skip[] =>
  inputs.flatMap((stage) => {
    const because = becauseOf(stage);
    return because === undefined ? [] : [{ stage, because }];
  });

/** A node that runs without these inputs and records them in its params as `skipped`. */
export const nodeWithout = (node: PlanNode, skipped: readonly Skip[]): PlanNode => {
  if (skipped.length === 0) return node;
  const params = withoutNodes(node.params, new Set(skipped.map(({ stage }) => stage)));
  return { ...node, params: { ...params, skipped: skipped.map(({ stage, because }) => ({ stage, because })) } };
};

/** @returns undefined if nothing is left once skipped nodes are removed */
const pruned = (value: Json, skipped: ReadonlySet<string>): Json | undefined => {
  if (isNodeRef(value)) return skipped.has(value.$node) ? undefined : value;
  if (Array.isArray(value)) {
    const left = value.map((item) => pruned(item, skipped)).filter((item) => item !== undefined);
    return left.length === 0 && value.length > 0 ? undefined : left;
  }
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).map(([key, item]) => [key, pruned(item, skipped)] as const);
  return entries.some(([, item]) => item === undefined) ? undefined : (Object.fromEntries(entries) as JsonObject);
};
