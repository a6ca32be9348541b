import type { Outputs } from '../core/action.ts';
import type { ArtifactRef } from '../core/artifact.ts';
import type { Digest } from '../core/digest.ts';
import type { Plan, PlanNode } from '../core/plan.ts';
import type { RunPlaces, RunSpec } from '../core/run-record.ts';
import type { OwnCode } from '../engine/own-kinds/read.ts';
import type { CodeDigest } from '../spec/code-digest.ts';
import type { Expected } from '../spec/expects.ts';
import { type History, type PlanStatus, planStatus } from '../spec/plan-status.ts';
import type { SavedPlan } from '../spec/saved-plan.ts';
import type { RunDocument, Store } from '../store/index.ts';
import type { RunProgress } from '../workflows/types.ts';
import { MemoFile } from './lookup-memo.ts';
import type { RunView, StageView } from './view/snapshot.ts';

/** A spec, or a saved plan. */
export interface SpecRequest {
  readonly path: string;
  /** Overrides such as `params.m=[0,1]`. */
  readonly set: readonly string[];
}

/** A file of `plan --save`. */
export interface SavedFile {
  /** Absolute. */
  readonly path: string;
  readonly saved: SavedPlan;
}

/** A plan, with the code and data that it was made from. */
export interface Planned {
  readonly plan: Plan;
  readonly spec: RunSpec;
  /** Where the spec and the folders that it names lie on this machine. */
  readonly places: RunPlaces;
  /** Of the stage kinds of the plan that this checkout has. */
  readonly codes: ReadonlyMap<string, CodeDigest>;
  /** Of the kinds of a user's own among them. */
  readonly ownKinds: ReadonlyMap<string, OwnCode>;
  /** Digests of the folders that its nodes read, by absolute path. */
  readonly contents: ReadonlyMap<string, Digest>;
  /** What the spec expects of nodes, by id; none in a saved plan. */
  readonly expected?: ReadonlyMap<string, Expected>;
  /** Nodes whose files are not there, and the path as the spec has it: in an estimate alone. */
  readonly absent?: ReadonlyMap<string, string>;
  /** The saved plan that it was read from; absent where the plan was made now. */
  readonly file?: SavedFile;
}

/**
 * Which nodes are in the store, and why the others are not.
 *
 * @param home state folder, where it is remembered what was read, so that the next look-up asks less
 * @param absent nodes whose files are not there
 */
export const statusOf = async (
  plan: Plan,
  store: Store,
  home?: string,
  absent?: ReadonlyMap<string, string>,
): Promise<PlanStatus> => {
  const file = home === undefined ? undefined : new MemoFile(home, plan.experiment);
  const lookup = store.lookup({ expected: plan.nodes.length, memo: file?.memo });
  const history: History = {
    lookup: (keys) => lookup.records(keys),
    latest: async (nodeIds) => {
      const found = await store.latestOf(plan.experiment, nodeIds);
      return new Map([...found].map(([id, { action }]) => [id, action]));
    },
  };
  const status = await planStatus(plan, history, absent);
  file?.save();
  return status;
};

/** Name of the node's first output of this type. */
export const outputOfType = (node: Pick<PlanNode, 'outputs'>, type: string): string | undefined =>
  Object.entries(node.outputs).find(([, found]) => found === type)?.[0];

/** Outputs of the nodes of a run that are made. Only the run knows those that were made without skipped inputs. */
export const outputsIn = ({ stages }: RunView): Map<string, Outputs> =>
  new Map(stages.flatMap(({ id, outputs }) => (outputs ? [[id, outputs] as const] : [])));

/** How far each node of a run has come, as its document has it. */
export const progressNodes = ({ progress }: Pick<RunDocument, 'progress'>): RunProgress['nodes'] =>
  ((progress ?? {}) as unknown as Partial<RunProgress>).nodes ?? [];

/** Why a run does without nodes, by their ids. */
export const skippedIn = (nodes: readonly Pick<StageView, 'id' | 'skipped'>[]): Map<string, string> =>
  new Map(nodes.flatMap(({ id, skipped }) => (skipped ? [[id, skipped.because] as const] : [])));

/** The last report among the outputs of a plan's nodes. */
export const reportIn = (plan: Plan, outputs: ReadonlyMap<string, Outputs>): ArtifactRef | undefined => {
  for (const node of [...plan.nodes].reverse()) {
    const ref = outputs.get(node.id)?.[outputOfType(node, 'report') ?? ''];
    if (ref) return ref;
  }
  return undefined;
};
