import type { Json } from './errors.ts';

/** One tensor of a checkpoint, in the machine's byte order. */
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
  /** Other state to resume from: the metric history. */
  readonly notes: Json;
}

/** When checkpoints are due: whichever comes first. */
export interface CheckpointInterval {
  readonly everySeconds?: number;
  readonly everySteps?: number;
  /** Keep all checkpoints after the action has ended, so that an audit can replay from one to the next. */
  readonly keep?: boolean;
}

/** Two minutes: a crash costs at most that much work, and copying and uploading the state stays cheap beside it. */
export const defaultCheckpointInterval: CheckpointInterval = { everySeconds: 120 };

/** One try at an action: part of its record. */
export interface Attempt {
  /** Temporal's number, from 1. Starts again where a new run takes the action up. */
  readonly attempt: number;
  readonly host: string;
  readonly pid: number;
  /** ISO 8601 with +00:00. */
  readonly startedAt: string;
  /** For a lost attempt, the time of its last heartbeat. */
  readonly endedAt: string;
  /** Steps done when it began, and when it ended or was last heard of; absent for stages without steps. */
  readonly fromStep?: number;
  readonly toStep?: number;
  /** `done`, `cancelled`, `drained` (its worker was asked to stop), `lost`, or the code of the error. */
  readonly end: string;
  /** Problems that it recovered from, such as a damaged checkpoint. */
  readonly warnings: readonly string[];
}

/** How a stage that works in steps saves its state and resumes from it. */
export interface StageCheckpoints {
  /** The newest intact checkpoint; damaged ones are skipped, with a warning in the record. */
  resume(): Promise<Checkpoint | undefined>;
  /**
   * Call after every step: records that it is done. @returns whether to take a checkpoint now; false while the previous one is
   * still being written
   */
  due(step: number): boolean;
  /**
   * Writes the arrays while the next steps run. It takes ownership of them: the caller must not touch them again. A failed write
   * is logged, the previous checkpoint stays valid, and work continues.
   */
  save(checkpoint: Checkpoint): void;
  /** Resolves when what was saved is in the store, or has failed. */
  settled(): Promise<void>;
  /**
   * Arrays that are computed once and needed by every attempt: read from the store, or computed and kept beside the checkpoints.
   * @param make must give the same arrays each time
   */
  keep(name: string, make: () => Promise<Checkpoint['arrays']>): Promise<Checkpoint['arrays']>;
}

/** For work that is no action: nothing is kept. */
export const noCheckpoints: StageCheckpoints = {
  resume: async () => undefined,
  due: () => false,
  save: () => {},
  settled: async () => {},
  keep: (_name, make) => make(),
};
