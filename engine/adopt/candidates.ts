import { type Action, type ActionRecord, actionKey, type Outputs } from '../../core/action.ts';
import { artifactRefsIn } from '../../core/artifact.ts';
import { canonicalJson } from '../../core/canonical.ts';
import type { JsonObject } from '../../core/errors.ts';
import { type Lineage, type MadeNode, madeNodes, partsOf } from '../../core/lineage.ts';
import { dependenciesOf, type Plan, toAction, writtenPaths } from '../../core/plan.ts';
import type { RunRecord } from '../../core/run-record.ts';
import { nodeWithout } from '../../core/skips.ts';
import { partKind } from '../../core/stage.ts';
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

/** What each finished node of a run is under today's plan of it. Its parts are those that it had; see `withParts`. */
export const candidatesOf = (lineage: Lineage, plan: Plan): NodeCandidate[] => {
  const outputs = new Map<string, Outputs>();
  const nodes = new Map(plan.nodes.map((node) => [node.id, node]));
  return madeNodes(lineage).map((made): NodeCandidate => {
    const node = nodes.get(made.node.id) as typeof made.node;
    outputs.set(node.id, made.record.outputs);
    const action = toAction(nodeWithout(node, skippedFor(made, lineage.run)), outputs);
    const now = {
      ...under(action, made.record),
      ...(node.places && { written: writtenPaths(node.places) }),
    };
    const parts = partsOf(lineage, made.record);
    if (parts.length !== (made.record.parts ?? []).length)
      throw refused(`${node.id}: records of its parts cannot be read`, { node: node.id });
    return { made, old: made.record, now, parts: parts.map((old) => ({ old, now: old })) };
  });
};

/**
 * A sharded node with the parts that today's code cuts it into.
 *
 * @throws CemiflowError `AdoptionRefused` where they are not the parts that it had
 */
export const withParts = (candidate: NodeCandidate, cut: readonly JsonObject[]): NodeCandidate => {
  const { made, now, parts } = candidate;
  const { id } = made.node;
  if (cut.length !== parts.length)
    throw refused(`${id} is cut into ${cut.length} parts under today's code, it had ${parts.length}`, { node: id });
  const action = (params: JsonObject): Action => ({ ...now.action, kind: partKind(now.action.kind), params });
  const moved = parts.map(({ old }, i): Candidate => {
    const params = cut[i] as JsonObject;
    if (refs(params) !== refs(old.action.params))
      throw refused(`part ${i + 1} of ${id} takes other artifacts under today's code than it took`, { node: id });
    return { old, now: under(action(params), old) };
  });
  return { ...candidate, parts: moved, now: { ...now, parts: moved.map((part) => part.now.key) } };
};

const refs = (params: JsonObject): string => canonicalJson(artifactRefsIn(params) as unknown as JsonObject[]);

/** The record of work that was done under other code: what did it stays written in it. */
const under = (action: Action, record: ActionRecord): ActionRecord => ({
  ...record,
  key: actionKey(action),
  action,
  adopted: { action: record.adopted?.action ?? record.action, statements: record.adopted?.statements ?? [] },
});

const skippedFor = ({ node }: MadeNode, { nodes }: RunRecord): { stage: string; because: string }[] =>
  dependenciesOf(node).flatMap((stage) => {
    const made = nodes[stage];
    return made && 'skipped' in made ? [{ stage, because: made.skipped }] : [];
  });
