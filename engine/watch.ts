import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Context } from '@temporalio/activity';
import type { Digest } from '../core/digest.ts';
import type { Progress } from '../core/stage.ts';

/** What the heartbeats of a running stage say. */
export interface Heartbeat extends Progress {
  readonly nodeId: string;
  /** Index of the shard, where the stage is sharded. */
  readonly shard?: number;
  readonly stepsPerSecond?: number;
  readonly etaSeconds?: number;
  /** Who works: the next attempt learns from it what became of this one. */
  readonly host: string;
  readonly pid: number;
  /** Temporal's number, and an id that distinguishes attempts of the same number. */
  readonly attempt: number;
  readonly attemptId: string;
  readonly startedAtMs: number;
  /** When it was said, in ms since the epoch. */
  readonly atMs: number;
  /** Steps of its training done, and what it began with, where the stage has checkpoints. */
  readonly toStep?: number;
  readonly resumedFrom?: number;
  /** The last one in the store. */
  readonly checkpoint?: { readonly step: number; readonly atMs: number; readonly digest: Digest };
  /** Work of earlier attempts that no checkpoint had kept. */
  readonly lostSeconds?: number;
}

/** What an attempt says of itself besides its progress. */
export type Told = Partial<Pick<Heartbeat, 'toStep' | 'resumedFrom' | 'checkpoint' | 'lostSeconds'>>;

export interface Watch {
  readonly attemptId: string;
  readonly signal: AbortSignal;
  progress(progress: Progress): Promise<void>;
  /** Goes out with every heartbeat from now on. */
  tell(reported: Told): void;
  /** Largest resident set seen since the start, in bytes. */
  peakMemoryBytes(): number;
  stop(): void;
}

const heartbeatEveryMs = 1000;
/** Also without progress, so that a long read or write does not look like a dead worker, and a cancellation arrives. */
const keepAliveEveryMs = 4_000;

/** Heartbeats, cancellation and memory of one activity. */
export const startWatch = (
  { heartbeat, cancellationSignal: signal, info }: WatchedContext,
  name: { readonly nodeId: string; readonly shard?: number },
  now: () => number = () => performance.now(),
): Watch => {
  const meter = new SpeedMeter();
  const attemptId = randomUUID();
  const who = { host: hostname(), pid: process.pid, attempt: info.attempt, attemptId, startedAtMs: Date.now() };
  let reported: Told = {};
  let latest: Progress & Pick<Heartbeat, 'stepsPerSecond' | 'etaSeconds'> = { phase: 'start', step: 0, steps: 0 };
  let sentAtMs = Number.NEGATIVE_INFINITY;
  let peak = 0;
  const send = (): void => {
    sentAtMs = now();
    peak = Math.max(peak, process.memoryUsage.rss());
    heartbeat({ ...name, ...who, ...reported, ...latest, atMs: Date.now() } satisfies Heartbeat);
  };
  send();
  const timer = setInterval(
    send,
    Math.min(keepAliveEveryMs, (info.heartbeatTimeoutMs ?? Number.POSITIVE_INFINITY) / 4),
  );
  return {
    attemptId,
    signal,
    progress: async (progress) => {
      const phaseBefore = latest.phase;
      latest = { ...progress, ...meter.update(progress, now()) };
      if (progress.phase !== phaseBefore || now() - sentAtMs >= heartbeatEveryMs) send();
      await new Promise((resolve) => setImmediate(resolve));
      if (signal.aborted) throw signal.reason;
    },
    tell: (more) => {
      reported = { ...reported, ...more };
    },
    peakMemoryBytes: () => Math.max(peak, process.memoryUsage.rss()),
    stop: () => clearInterval(timer),
  };
};

type WatchedContext = Pick<Context, 'heartbeat' | 'cancellationSignal'> & {
  readonly info: Pick<Context['info'], 'attempt' | 'heartbeatTimeoutMs'>;
};

/** Steps a second over the last half minute or so, and from it the time left in the phase. */
export class SpeedMeter {
  readonly #windowMs = 30_000;
  #phase = '';
  #points: { step: number; atMs: number }[] = [];

  update({ phase, step, steps }: Progress, nowMs: number): { stepsPerSecond?: number; etaSeconds?: number } {
    if (phase !== this.#phase || step < (this.#points.at(-1)?.step ?? 0)) this.#points = [];
    this.#phase = phase;
    const newest = this.#points.at(-1);
    // A point a quarter second is enough, however fast the steps are.
    if (!newest || this.#points.length < 2 || nowMs - newest.atMs >= 250) this.#points.push({ step, atMs: nowMs });
    while (this.#points.length > 2 && nowMs - (this.#points[0]?.atMs ?? 0) > this.#windowMs) this.#points.shift();
    const first = this.#points[0];
    if (!first || step <= first.step || nowMs <= first.atMs) return {};
    const stepsPerSecond = ((step - first.step) * 1000) / (nowMs - first.atMs);
    return { stepsPerSecond, etaSeconds: Math.max(0, steps - step) / stepsPerSecond };
  }
}
