import type { Action, ActionKey, Outputs } from '../core/action.ts';
import type { CheckpointInterval } from '../core/checkpoint.ts';
import type { Digest } from '../core/digest.ts';
import type { JsonObject } from '../core/errors.ts';
import type { NodePlaces } from '../core/plan.ts';

/** One action to be done for one node of an experiment. */
export interface StageTask {
  readonly nodeId: string;
  readonly experiment: string;
  readonly action: Action;
  /** Where its folders are on this machine. */
  readonly places?: NodePlaces;
  /** The artifact that holds the code of a user's own kind. */
  readonly source?: Digest;
  /** When checkpoints are due; default every two minutes. */
  readonly checkpoint?: CheckpointInterval;
}

export interface StageResult {
  readonly key: ActionKey;
  readonly outputs: Outputs;
  /** Whether a record was there already. */
  readonly hit: boolean;
  /** Tries that it took, and the seconds that failed ones cost; absent where it was a hit. */
  readonly attempts?: number;
  readonly lostSeconds?: number;
  /** What all tries took together. */
  readonly spentSeconds?: number;
}

/** The activities that do stage work, as workflows see them. */
export interface StageActivities {
  runStage(task: StageTask): Promise<StageResult>;
  /** @returns the params of each shard, in order */
  splitStage(task: StageTask): Promise<JsonObject[]>;
  /** `task.action` is the shard's own. */
  runShard(task: StageTask & { readonly shard: number }): Promise<StageResult>;
  /** @param task.shards outputs of all shards, in the order of `splitStage` @param task.shardKeys their actions */
  joinStage(
    task: StageTask & { readonly shards: readonly Outputs[]; readonly shardKeys: readonly ActionKey[] },
  ): Promise<StageResult>;
}
