import type { Json } from './errors.ts';

/** One tensor of a checkpoint, as it lies in memory. */
export interface CheckpointArray {
  readonly dtype: 'float32' | 'int32';
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array;
}

/** Resumable state inside an action; never an output. */
export interface Checkpoint {
  /** Steps done. */
  readonly step: number;
  /** Weights, averages, the optimizer's state: everything that the next step reads besides (seed, step). */
  readonly arrays: { readonly [name: string]: CheckpointArray };
  /** What else goes on: the metric history. */
  readonly notes: Json;
}

/** When checkpoints are due: whichever comes first. */
export interface CheckpointInterval {
  readonly everySeconds?: number;
  readonly everySteps?: number;
  /** Whether all of them stay when the action has ended, so that an audit can replay from one to the next. */
  readonly keep?: boolean;
}

/** Two minutes: what a crash may cost, against the copy and the upload of the state. */
export const defaultCheckpointInterval: CheckpointInterval = { everySeconds: 120 };

/** One try at an action: part of its record. */
export interface Attempt {
  /** Temporal's number, from 1. Starts again where a new run takes the action up. */
  readonly attempt: number;
  readonly host: string;
  readonly pid: number;
  /** ISO 8601 with +00:00. */
  readonly startedAt: string;
  /** When it was last heard of, where it was lost. */
  readonly endedAt: string;
  /** Steps that were done already when it began, and when it was last heard of; absent for stages without steps. */
  readonly fromStep?: number;
  readonly toStep?: number;
  /** `done`, `cancelled`, `drained` (its worker was asked to stop), `lost`, or the code of the error. */
  readonly end: string;
  /** What went wrong on the way and was overcome: a damaged checkpoint. */
  readonly warnings: readonly string[];
}

/** What a stage with steps may do to survive its end. */
export interface StageCheckpoints {
  /** The newest checkpoint that is whole; damaged ones are passed over, with a warning in the record. */
  resume(): Promise<Checkpoint | undefined>;
  /**
   * To be called after every step: notes that it is done. @returns whether a checkpoint should be taken now; false while the
   * last one is still being written
   */
  due(step: number): boolean;
  /**
   * Takes over the arrays, which belong to the store from now on, and writes them beside the steps to come. A failed write
   * is logged, and the one before stands: work goes on.
   */
  save(checkpoint: Checkpoint): void;
  /** Resolves when what was saved is in the store, or has failed. */
  settled(): Promise<void>;
  /**
   * Arrays that are made once and needed by every attempt: read from the store, or made and kept beside the checkpoints.
   * @param make must give the same arrays each time
   */
  keep(name: string, make: () => Promise<Checkpoint['arrays']>): Promise<Checkpoint['arrays']>;
}
