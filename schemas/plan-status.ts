import { type Action, type ActionKey, type ActionRecord, actionKey, type Outputs } from '../core/action.ts';
import { canonicalJson } from '../core/canonical.ts';
import { levelsOf } from '../core/dag.ts';
import type { Json } from '../core/errors.ts';
import { dependenciesOf, isNodeRef, type NodeStatus, type Plan, type PlanNode, toAction } from '../core/plan.ts';

/** What is known of finished work. Both are asked in bulk, once a level of the DAG. */
export interface History {
  /** Records of the keys that are hits: the action was done, and its blobs are there. */
  lookup(keys: readonly ActionKey[]): Promise<ReadonlyMap<ActionKey, ActionRecord>>;
  /** The action that each of these nodes was when it last succeeded in this experiment; nothing where it never did. */
  latest(nodeIds: readonly string[]): Promise<ReadonlyMap<string, Action>>;
}

export interface PlanStatus {
  /** In the plan's order. */
  readonly nodes: ReadonlyMap<string, NodeStatus>;
  /** Records of the hits, by node. */
  readonly records: ReadonlyMap<string, ActionRecord>;
}

/** Each node of the plan: done, to do and why, or waiting for others whose outputs its key needs. */
export const planStatus = async (plan: Plan, history: History): Promise<PlanStatus> => {
  const byId = new Map(plan.nodes.map((node) => [node.id, node]));
  const found = new Map<string, NodeStatus>();
  const records = new Map<string, ActionRecord>();
  const outputs = new Map<string, Outputs>();
  for (const level of levelsOf(plan.nodes.map((node) => ({ id: node.id, needs: dependenciesOf(node) })))) {
    const nodes = level.map((id) => byId.get(id) as PlanNode);
    const keyed = nodes
      .filter((node) => dependenciesOf(node).every((id) => outputs.has(id)))
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
      found.set(node.id, { state: 'hit', key });
      records.set(node.id, record);
      outputs.set(node.id, record.outputs);
    }
    for (const { node, action, key } of misses) {
      found.set(node.id, { state: 'miss', key, reason: missReason(node, action, latest.get(node.id)) });
    }
    for (const node of nodes) {
      if (found.has(node.id)) continue;
      const waitsFor = dependenciesOf(node).filter((id) => !outputs.has(id));
      found.set(node.id, { state: 'pending', reason: `waits for ${waitsFor.join(', ')}` });
    }
  }
  return { nodes: new Map(plan.nodes.map(({ id }) => [id, found.get(id) as NodeStatus])), records };
};

/** Which parts of the key changed since the node last succeeded. */
export const missReason = (node: PlanNode, now: Action, before: Action | undefined): string => {
  if (before === undefined) return 'never run';
  const reasons: string[] = [];
  if (before.kind !== now.kind) return `stage kind: ${before.kind} → ${now.kind}`;
  if (before.code !== now.code) reasons.push('code changed');
  if (before.seed !== now.seed) reasons.push(`seed: ${before.seed} → ${now.seed}`);
  const changes = [...new Set(changesIn(before.params, now.params, node.params, []))];
  reasons.push(...changes.slice(0, 5));
  if (changes.length > 5) reasons.push(`and ${changes.length - 5} more`);
  return reasons.length > 0 ? reasons.join('; ') : 'outputs missing from the store';
};

/** @param planned the node's params at the same place: where a NodeRef stands, the change is one of input data */
const changesIn = (
  before: Json | undefined,
  now: Json | undefined,
  planned: Json | undefined,
  path: string[],
): string[] => {
  if (before !== undefined && now !== undefined && canonicalJson(before) === canonicalJson(now)) return [];
  if (isNodeRef(planned)) return [`input data changed (stages.${planned.$node})`];
  if (path.length === 1 && path[0] === 'content') return ['files changed'];
  if (isMap(before) && isMap(now)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(now)])].sort();
    return keys.flatMap((key) =>
      changesIn(before[key], now[key], isMap(planned) ? planned[key] : undefined, [...path, key]),
    );
  }
  if (Array.isArray(before) && Array.isArray(now) && holdsRef(planned)) {
    if (before.length !== now.length)
      return [`input list ${path.join('.')}: ${before.length} → ${now.length} artifacts`];
    return now.flatMap((item, i) => changesIn(before[i], item, (planned as Json[])[i], path));
  }
  return [`parameter ${path.join('.')}: ${brief(before)} → ${brief(now)}`];
};

const isMap = (value: Json | undefined): value is { [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !isNodeRef(value);

const holdsRef = (value: Json | undefined): boolean =>
  isNodeRef(value) || (typeof value === 'object' && value !== null && Object.values(value).some(holdsRef));

const brief = (value: Json | undefined): string => {
  if (value === undefined) return '(none)';
  const text = typeof value === 'string' ? value : canonicalJson(value);
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
};
