import { type Action, type ActionRecord, actionKey, type Outputs } from '../../core/action.ts';
import { differentWork } from '../../core/adoption.ts';
import type { JsonObject } from '../../core/errors.ts';
import { type Lineage, type MadeNode, madeNodes, shardsOf } from '../../core/lineage.ts';
import { dependenciesOf, type Plan, toAction, writtenPaths } from '../../core/plan.ts';
import type { RunRecord } from '../../core/run-record.ts';
import { nodeWithout, type Skip, skipsAmong } from '../../core/skips.ts';
import { shardKind } from '../../core/stage.ts';
import { plural } from '../../core/words.ts';
import { refused } from './refused.ts';

/** A finished action, and what it is under today's code. */
export interface Candidate {
  readonly old: ActionRecord;
  /** As it will be kept, but for the statement. */
  readonly now: ActionRecord;
}

/** A node of the run with all that was made for it. */
export interface NodeCandidate extends Candidate {
  readonly made: MadeNode;
  readonly parts: readonly Candidate[];
}

/** What each finished node of a run is under today's plan of it. Its parts are those that it had; see `withShards`. */
export const candidatesOf = (lineage: Lineage, plan: Plan): NodeCandidate[] => {
  const outputs = new Map<string, Outputs>();
  const nodes = new Map(plan.nodes.map((node) => [node.id, node]));
  return madeNodes(lineage).map((made): NodeCandidate => {
    const node = nodes.get(made.node.id) as typeof made.node;
    outputs.set(node.id, made.record.outputs);
    const action = toAction(nodeWithout(node, skippedFor(made, lineage.run)), outputs);
    const written = node.places && writtenPaths(node.places);
    const now = { ...under(action, made.record, node.id, Object.keys(written ?? {})), ...(written && { written }) };
    const parts = shardsOf(lineage, made.record);
    if (parts.length !== (made.record.parts ?? []).length)
      throw refused(`${node.id}: records of its shards cannot be read`, { node: node.id });
    return { made, old: made.record, now, parts: parts.map((old) => ({ old, now: old })) };
  });
};

/**
 * A sharded node with the shards that today's code splits it into.
 *
 * @throws CemiflowError `AdoptionRefused` where they are not the shards that it had
 */
export const withShards = (candidate: NodeCandidate, cut: readonly JsonObject[]): NodeCandidate => {
  const { made, now, parts } = candidate;
  const { id } = made.node;
  if (cut.length !== parts.length)
    throw refused(`today's code splits ${id} into ${plural(cut.length, 'shard')}, it had ${parts.length}`, {
      node: id,
    });
  const action = (params: JsonObject): Action => ({ ...now.action, kind: shardKind(now.action.kind), params });
  const moved = parts.map(({ old }, i): Candidate => {
    const params = cut[i] as JsonObject;
    return { old, now: under(action(params), old, `${id}#${i + 1}`) };
  });
  return { ...candidate, parts: moved, now: { ...now, parts: moved.map((part) => part.now.key) } };
};

/**
 * The record of work that was done under other code: what did it stays written in it.
 *
 * @param placed parameters that named folders
 * @throws CemiflowError `AdoptionRefused` where today's action is other work
 */
const under = (action: Action, record: ActionRecord, name: string, placed: readonly string[] = []): ActionRecord => {
  const other = differentWork(action, record.action);
  if (other !== undefined) throw refused(`under today's code ${name} has ${other}`, { node: name });
  const done = record.adopted ?? { key: record.key, action: record.action, statements: [] };
  const params = Object.entries(done.action.params).filter(([name]) => !placed.includes(name));
  return {
    ...record,
    key: actionKey(action),
    action,
    adopted: { ...done, action: { ...done.action, params: Object.fromEntries(params) } },
  };
};

const skippedFor = ({ node }: MadeNode, { nodes }: RunRecord): Skip[] =>
  skipsAmong(dependenciesOf(node), (id) => {
    const made = nodes[id];
    return made && 'skipped' in made ? made.skipped : undefined;
  });
