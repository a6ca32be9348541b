import { type Change, changesBetween } from '../../core/changes.ts';
import type { Json, JsonObject } from '../../core/errors.ts';
import type { PlanNode } from '../../core/plan.ts';
import { withoutNodes } from '../../core/skips.ts';

/**
 * What differs in a node itself, as it was declared. A reference to a node that only one of the runs has does not count: the report
 * of a grown matrix differs because of the points that were added.
 *
 * @param oneSided ids of the nodes that only one of the runs has
 */
export const ownChanges = (before: PlanNode, now: PlanNode, oneSided: ReadonlySet<string>): Change[] =>
  changesBetween(without(before, oneSided), without(now, oneSided)).map((change) => {
    if (change.what !== 'parameter') return change;
    // Reported as it was declared.
    const [old, fresh] = [valueAt(before.params, change.path), valueAt(now.params, change.path)];
    const { what, path } = change;
    return { what, path, ...(old !== undefined && { before: old }), ...(fresh !== undefined && { now: fresh }) };
  });

const without = (node: PlanNode, oneSided: ReadonlySet<string>): PlanNode => ({
  ...node,
  params: withoutNodes(node.params, oneSided),
});

const valueAt = (params: JsonObject, path: string): Json | undefined =>
  path.split('.').reduce<Json | undefined>((at, key) => (at as JsonObject | undefined)?.[key], params);
