import type { ActionKey, Outputs } from '../core/action.ts';
import type { CheckpointInterval } from '../core/checkpoint.ts';
import type { JsonObject } from '../core/errors.ts';
import type { Plan, PlanNode, Resource } from '../core/plan.ts';
import type { RunEstimates } from '../core/run-record.ts';

/** Where stages with tensors run: on `gpu` workers, or with all other work on `cpu` workers. */
export type Device = 'cpu' | 'gpu';

/** How the stages of a run are carried out. */
export interface RunSettings {
  /** The run's id in the store and the workflow's id; children are named `runId/nodeId`. */
  readonly runId: string;
  readonly device: Device;
  /** Stages under way at once; of a sharded stage, also its shards under way at once. */
  readonly maxParallel: number;
  /** Build of the workers that this run wants: its task queues carry it. */
  readonly build: string;
  /** When checkpoints of stages are due; default every two minutes. */
  readonly checkpoint?: CheckpointInterval;
  /** A worker that says nothing of its stage for so long counts as dead; default 60. */
  readonly heartbeatSeconds?: number;
  /** Events after which a sharded stage continues in a new history; default 2,000. Tests set fewer, to see it happen. */
  readonly maxEvents?: number;
}

export interface ExperimentInput extends RunSettings {
  readonly plan: Plan;
  readonly estimates?: RunEstimates;
  /** Compute time after which nothing new starts. */
  readonly budgetSeconds?: number;
  /** What earlier workflows of the run spent. */
  readonly spentSeconds?: number;
}

/** Input of the child workflow of one sharded stage. */
export interface ShardedInput extends RunSettings {
  readonly experiment: string;
  readonly node: Pick<PlanNode, 'id' | 'kind' | 'seed' | 'code' | 'resource' | 'places' | 'source'>;
  /** The node's params with artifact refs in the place of node refs. */
  readonly params: JsonObject;
  /** `Ready.priority` */
  readonly priority?: number;
  /** What a history before this one knew. */
  readonly carried?: ShardsCarried;
}

/** What a sharded stage takes along into a new history; what is made lies in the store. */
export interface ShardsCarried {
  /** Params of every shard, in order. */
  readonly split: readonly JsonObject[];
  /** Shards that were there at the start. */
  readonly hits: number;
  /** Seconds that failed tries of shards cost. */
  readonly lostSeconds: number;
  /** Seconds that the shards took which were made; absent in older histories. */
  readonly spentSeconds?: number;
  /** Indices of the shards that have failed, and how the first of them did. */
  readonly failed: readonly number[];
  readonly failure?: StageFailure;
  /** How often damaged shards have been made again. */
  readonly repairs: number;
}

/** Why a stage ended without outputs. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
}

/** A failure with the data of its error. */
export interface StageFailure extends Failure {
  readonly data?: JsonObject;
  /** What the stage spent on shards that were made. */
  readonly spentSeconds?: number;
}

/**
 * - `waiting` for inputs, `ready` to start when a slot is free, `running`
 * - `hit`: found in the store, or made in this run under the same key by another node; `done`: made by this run
 * - `failed`: waits for a person; `blocked`: an input failed or is blocked
 * - `skipped`: a person does without it, or it needs one that is skipped; `cancelled`
 */
export type NodeState =
  | 'waiting'
  | 'ready'
  | 'running'
  | 'hit'
  | 'done'
  | 'failed'
  | 'blocked'
  | 'skipped'
  | 'cancelled';

export interface NodeProgress {
  readonly id: string;
  readonly stage: string;
  readonly kind: string;
  readonly resource: Resource;
  readonly sharded: boolean;
  readonly state: NodeState;
  readonly key?: ActionKey;
  readonly outputs?: Outputs;
  /** Workflow time, in ms since the epoch. */
  readonly startedAtMs?: number;
  readonly endedAtMs?: number;
  readonly failure?: Failure;
  readonly skipped?: { readonly because: string };
  /** Tries that the stage took, and the seconds that failed ones cost; absent where it was a hit. */
  readonly attempts?: number;
  readonly lostSeconds?: number;
  /** Nodes whose outputs are still missing. */
  readonly waitsFor: readonly string[];
}

/**
 * - `needs attention`: nothing is under way and nothing can start, because stages have failed: waits for `retry`, `skip`
 *   or `abort`
 * - `paused`: nothing new starts, because a person or the run's budget wants that; what was under way continues
 */
export type RunState = 'running' | 'needs attention' | 'paused';

/** Answer of the query `progress` of `experiment`. */
export interface RunProgress {
  readonly state: RunState;
  /** Why a person ended the run; empty where no reason was given. */
  readonly aborted?: { readonly because: string };
  readonly runId: string;
  readonly experiment: string;
  readonly device: Device;
  readonly build: string;
  readonly nodes: readonly NodeProgress[];
  /** Compute time of the actions that the run made, all their attempts together. */
  readonly spentSeconds: number;
  /** What it may spend, and what waits because of that. */
  readonly budget?: { readonly seconds: number; readonly waits?: BudgetWait };
}

/** What a run waits with because of its budget. */
export interface BudgetWait {
  /** Id of the node that would be next. */
  readonly stage: string;
  readonly estimatedSeconds: number;
  /** What the stages under way were expected to take. */
  readonly runningSeconds: number;
}

/** Answer of the query `progress` of `sharded`. */
export interface ShardsProgress {
  readonly nodeId: string;
  readonly phase: 'split' | 'shards' | 'join';
  readonly shards: number;
  readonly done: number;
  readonly hits: number;
  readonly running: number;
  readonly failed: number;
}

export interface ExperimentResult {
  readonly runId: string;
  readonly hits: number;
  readonly computed: number;
  /** Ids of the stages that the run did without. */
  readonly skipped: readonly string[];
  /** The stages that have outputs. */
  readonly nodes: {
    readonly [id: string]: { readonly key: ActionKey; readonly hit: boolean; readonly outputs: Outputs };
  };
}

export const progressQueryName = 'progress';

/** Damage that comes back after so many repairs has a cause that repairs do not reach. */
export const maxRepairs = 3;

/**
 * Updates of `experiment`. A refused one fails with an ApplicationFailure whose `type` is the code and whose first detail
 * holds the remedy: `UnknownStage`, `StageNotFailed`, `NothingFailed`, `ReasonMissing`, `ReasonTooLong`, `BudgetInvalid`, `BudgetSpent`,
 * `RunEnding`.
 */
export const retryUpdateName = 'retry';
export const skipUpdateName = 'skip';
export const abortUpdateName = 'abort';
export const pauseUpdateName = 'pause';
export const continueUpdateName = 'continue';
export const budgetUpdateName = 'budget';

/** Failed stages by the ids of their nodes, or by the stage's name for all failed nodes of it. */
export interface RetryRequest {
  /** All failed ones unless named. */
  readonly stages?: readonly string[];
}

export interface SkipRequest {
  readonly stages: readonly string[];
  /** Goes into the record of the report that is made without them. */
  readonly because: string;
}

export interface BudgetRequest {
  /** Compute time of the whole run. */
  readonly seconds: number;
  /** Of nodes that are not made. */
  readonly estimates?: RunEstimates;
}

export interface AbortRequest {
  readonly because?: string;
}

/** Ids of the nodes that start again, or that the run does without (those behind them not among them). */
export interface StagesAnswer {
  readonly stages: readonly string[];
}
