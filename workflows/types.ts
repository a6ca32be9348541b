import type { ActionKey, Outputs } from '../core/action.ts';
import type { JsonObject } from '../core/errors.ts';
import type { Plan, PlanNode, Resource } from '../core/plan.ts';

/** Where stages with tensors run: on `gpu` workers, or with all other work on `cpu` workers. */
export type Device = 'cpu' | 'gpu';

export interface ExperimentInput {
  readonly plan: Plan;
  /** The run's id in the store and the workflow's id; children are named `runId/nodeId`. */
  readonly runId: string;
  readonly device: Device;
  /** Stages under way at once; of a sharded stage, also its parts under way at once. */
  readonly maxParallel: number;
  /** Build of the workers that this run wants: its task queues carry it. */
  readonly build: string;
}

/** One stage (or one part of it) that has been asked for with all its inputs. */
export interface ShardedInput {
  readonly experiment: string;
  readonly node: Pick<PlanNode, 'id' | 'kind' | 'seed' | 'code' | 'resource'>;
  /** The node's params with artifact refs in the place of node refs. */
  readonly params: JsonObject;
  readonly runId: string;
  readonly device: Device;
  readonly maxParallel: number;
  readonly build: string;
}

/** Why a stage ended without outputs. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
}

/**
 * - `waiting` for inputs, `ready` to start when a slot is free, `running`
 * - `hit`: found in the store, or made in this run under the same key by another node; `done`: made by this run
 * - `failed`; `blocked`: an input failed or is blocked; `cancelled`
 */
export type NodeState = 'waiting' | 'ready' | 'running' | 'hit' | 'done' | 'failed' | 'blocked' | 'cancelled';

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
  /** Nodes whose outputs are still missing. */
  readonly waitsFor: readonly string[];
}

/** Answer of the query `progress` of `experiment`. */
export interface RunProgress {
  readonly runId: string;
  readonly experiment: string;
  readonly device: Device;
  readonly build: string;
  readonly nodes: readonly NodeProgress[];
}

/** Answer of the query `progress` of `sharded`. */
export interface PartsProgress {
  readonly nodeId: string;
  readonly phase: 'split' | 'parts' | 'join';
  readonly parts: number;
  readonly done: number;
  readonly hits: number;
  readonly running: number;
  readonly failed: number;
}

export interface ExperimentResult {
  readonly runId: string;
  readonly hits: number;
  readonly computed: number;
  readonly nodes: {
    readonly [id: string]: { readonly key: ActionKey; readonly hit: boolean; readonly outputs: Outputs };
  };
}

export const progressQueryName = 'progress';
