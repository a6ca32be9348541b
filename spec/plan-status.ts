import { type Action, type ActionKey, type ActionRecord, actionKey, type Outputs } from '../core/action.ts';
import { changesBetween, tellChange } from '../core/changes.ts';
import { levelsOf } from '../core/dag.ts';
import { dependenciesOf, type NodeStatus, type Plan, type PlanNode, toAction } from '../core/plan.ts';
import { firstFew } from '../core/words.ts';

/** Looks up finished work. Both methods are called in bulk, once for each level of the DAG. */
export interface History {
  /** Records of those keys that are hits: the action was done and its blobs are in the store. */
  lookup(keys: readonly ActionKey[]): Promise<ReadonlyMap<ActionKey, ActionRecord>>;
  /** The last successful action of each node in this experiment; nodes that never succeeded are left out. */
  latest(nodeIds: readonly string[]): Promise<ReadonlyMap<string, Action>>;
}

export interface PlanStatus {
  /** In the plan's order. */
  readonly nodes: ReadonlyMap<string, NodeStatus>;
  /** Records of the hits, by node. */
  readonly records: ReadonlyMap<string, ActionRecord>;
}

/**
 * Says of each node whether it is a hit, a miss and why, or waits for outputs that its key depends on.
 *
 * @param absent nodes whose files are not on this machine, and what is missing: they have no key
 */
export const planStatus = async (
  plan: Plan,
  history: History,
  absent: ReadonlyMap<string, string> = new Map(),
): Promise<PlanStatus> => {
  const byId = new Map(plan.nodes.map((node) => [node.id, node]));
  const found = new Map<string, NodeStatus>();
  const records = new Map<string, ActionRecord>();
  const outputs = new Map<string, Outputs>();
  for (const level of levelsOf(plan.nodes.map((node) => ({ id: node.id, needs: dependenciesOf(node) })))) {
    const nodes = level.map((id) => byId.get(id) as PlanNode);
    const keyed = nodes
      .filter((node) => !absent.has(node.id) && dependenciesOf(node).every((id) => outputs.has(id)))
      .map((node) => ({ node, action: toAction(node, outputs) }))
      .map(({ node, action }) => ({ node, action, key: actionKey(action) }));
    const hits =
      keyed.length > 0 ? await history.lookup(keyed.map(({ key }) => key)) : new Map<ActionKey, ActionRecord>();
    const misses = keyed.filter(({ key }) => !hits.has(key));
    const latest =
      misses.length > 0 ? await history.latest(misses.map(({ node }) => node.id)) : new Map<string, Action>();
    for (const { node, key } of keyed) {
      const record = hits.get(key);
      if (record === undefined) continue;
      found.set(node.id, { state: 'hit', key, ...(record.adopted && { adopted: true }) });
      records.set(node.id, record);
      outputs.set(node.id, record.outputs);
    }
    for (const { node, action, key } of misses) {
      found.set(node.id, { state: 'miss', key, reason: missReason(node, action, latest.get(node.id)) });
    }
    for (const node of nodes) {
      if (found.has(node.id)) continue;
      const files = absent.get(node.id);
      if (files !== undefined) {
        found.set(node.id, { state: 'absent', reason: `files missing: ${files}` });
        continue;
      }
      const waitsFor = dependenciesOf(node).filter((id) => !outputs.has(id));
      found.set(node.id, {
        state: 'pending',
        reason: `waits for ${firstFew(waitsFor, waitsFor.length, { between: ', ' })}`,
      });
    }
  }
  return { nodes: new Map(plan.nodes.map(({ id }) => [id, found.get(id) as NodeStatus])), records };
};

/** Which parts of the key changed since the node last succeeded. */
export const missReason = (node: PlanNode, now: Action, before: Action | undefined): string => {
  if (before === undefined) return 'never run';
  const changes = changesBetween(before, now, node.params);
  if (changes.length === 0) return 'outputs missing from the store';
  const own = changes.filter(({ what }) => what === 'kind' || what === 'code' || what === 'seed');
  const others = changes.slice(own.length);
  const more = others.length > shownChanges ? [`and ${others.length - shownChanges} more`] : [];
  return [...[...own, ...others.slice(0, shownChanges)].map((change) => tellChange(change)), ...more].join('; ');
};

/** How many changed parameters and inputs one reason names. */
const shownChanges = 5;
