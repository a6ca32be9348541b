import type { JsonObject } from '../core/errors.ts';

/** What a benchmark knows of the world around it; only `main.ts` builds it from the process. */
export interface Context {
  readonly env: { readonly [name: string]: string | undefined };
  /** An empty folder of this benchmark's own, removed at its end. */
  readonly folder: string;
  /** A line on standard error about what takes long. */
  note(text: string): void;
}

/** One way to do the work. It stays ready between repetitions: what it takes to start is no part of a time. */
export interface Side {
  readonly name: string;
  prepare?(): Promise<void>;
  /** One repetition. @returns seconds */
  run(): Promise<number>;
  close?(): Promise<void>;
  /** Peak resident memory in bytes, where known; asked before `close`. */
  peakMemory?(): Promise<number | undefined>;
  /** Versions, threads, sizes: what a reader needs to believe the figures; asked before `close`. */
  facts?(): JsonObject;
}

export type Against = 'each' | 'fastest' | 'slowest';

/** A piece of work that we and our peers do in turns. */
export interface Benchmark {
  readonly name: string;
  /** One line: what is done, with its sizes. */
  readonly work: string;
  /** The peer's time over ours, at least. */
  readonly target?: number;
  /**
   * Which peers count for the target: each (default), and then none may fail; the fastest of those that work, where a user
   * would choose among them; or the slowest.
   */
  readonly against?: Against;
  /** Our median in seconds, at most. Beside `target`, both must be reached. */
  readonly targetSeconds?: number;
  /** Measured rounds; one more comes before them and is not measured, unless `cold`. */
  readonly rounds: number;
  /** The first repetition counts: for work that takes so long that nothing is gained by a warm start. */
  readonly cold?: boolean;
  sides(context: Context): Promise<{ readonly ours: Side; readonly peers: readonly Side[] }>;
}
