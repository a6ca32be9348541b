import type { Context } from '@temporalio/activity';
import type { Progress } from '../core/stage.ts';

/** What a running stage tells by its heartbeats. */
export interface Heartbeat extends Progress {
  readonly nodeId: string;
  /** Index of the part, where the stage is sharded. */
  readonly part?: number;
  readonly stepsPerSecond?: number;
  readonly etaSeconds?: number;
}

export interface Watch {
  readonly signal: AbortSignal;
  progress(progress: Progress): Promise<void>;
  /** Largest resident set seen since the start, in bytes. */
  peakMemoryBytes(): number;
  stop(): void;
}

const heartbeatEveryMs = 1000;
/** Also without progress, so that a long read or write is not taken for a dead worker. */
const keepAliveEveryMs = 10_000;

/** Heartbeats, cancellation and memory of one activity. */
export const startWatch = (
  { heartbeat, cancellationSignal: signal }: Pick<Context, 'heartbeat' | 'cancellationSignal'>,
  name: { readonly nodeId: string; readonly part?: number },
  now: () => number = () => performance.now(),
): Watch => {
  const meter = new SpeedMeter();
  let latest: Heartbeat = { ...name, phase: 'start', step: 0, steps: 0 };
  let sentAtMs = Number.NEGATIVE_INFINITY;
  let peak = 0;
  const send = (): void => {
    sentAtMs = now();
    peak = Math.max(peak, process.memoryUsage.rss());
    heartbeat(latest);
  };
  send();
  const timer = setInterval(send, keepAliveEveryMs);
  return {
    signal,
    progress: async (progress) => {
      const phaseBefore = latest.phase;
      latest = { ...name, ...progress, ...meter.update(progress, now()) };
      if (progress.phase !== phaseBefore || now() - sentAtMs >= heartbeatEveryMs) send();
      await new Promise((resolve) => setImmediate(resolve));
      if (signal.aborted) throw signal.reason;
    },
    peakMemoryBytes: () => Math.max(peak, process.memoryUsage.rss()),
    stop: () => clearInterval(timer),
  };
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
