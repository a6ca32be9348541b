import { loadavg } from 'node:os';
import type { JsonObject } from '../core/errors.ts';
import type { Against, Benchmark, Context, Side } from './benchmark.ts';
import { type Ratio, ratioOf, type Spread, spreadOf } from './statistics.ts';

/** One repetition: its seconds, and the load average of the last minute when it began. */
export interface Repetition {
  readonly seconds: number;
  readonly load: number;
}

export interface SideResult {
  readonly name: string;
  /** By round; incomplete where the side failed. */
  readonly repetitions: readonly Repetition[];
  /** Seconds; undefined where the side failed. */
  readonly spread?: Spread;
  /** The peer's time over ours; for peers, where neither failed. */
  readonly ratio?: Ratio;
  readonly peakMemoryBytes?: number;
  readonly facts?: JsonObject;
  readonly error?: string;
}

export interface Result {
  readonly name: string;
  readonly work: string;
  readonly target?: number;
  readonly against: Against;
  readonly targetSeconds?: number;
  readonly rounds: number;
  readonly date: string;
  readonly ours: SideResult;
  readonly peers: readonly SideResult[];
  /** Whether the target was reached; undefined where there is none, or where a side that it needs failed. */
  readonly reached?: boolean;
}

/** A side under measurement. */
interface Lane {
  readonly side: Side;
  readonly repetitions: Repetition[];
  error?: string;
}

/**
 * Measures a benchmark: all sides prepared, one repetition each that does not count, then the rounds, in every second
 * one in the opposite order. A side that fails drops out with its error; the others continue.
 *
 * @throws what `sides` throws; a side's own errors are part of the result
 */
export const measure = async (benchmark: Benchmark, context: Context, rounds = benchmark.rounds): Promise<Result> => {
  const date = new Date().toISOString();
  const { ours, peers } = await benchmark.sides(context);
  const lanes = [ours, ...peers].map((side): Lane => ({ side, repetitions: [] }));
  const results: SideResult[] = [];
  try {
    for (const lane of lanes) await attempt(lane, async () => lane.side.prepare?.());
    if (!benchmark.cold) for (const lane of lanes) await attempt(lane, () => lane.side.run());
    for (let round = 0; round < rounds; round++) {
      context.note(`${benchmark.name}: round ${round + 1} of ${rounds}`);
      for (const lane of round % 2 === 0 ? lanes : lanes.toReversed()) await attempt(lane, () => repeat(lane));
    }
    for (const lane of lanes) results.push(await resultOf(lane, lane === lanes[0] ? undefined : lanes[0]));
  } finally {
    for (const { side } of lanes)
      await side.close?.().catch((error) => context.note(`${side.name} did not close: ${messageOf(error)}`));
  }
  const [first, ...rest] = results as [SideResult, ...SideResult[]];
  const { name, work, target, against = 'each', targetSeconds } = benchmark;
  const all = { name, work, target, against, targetSeconds, rounds, date, ours: first, peers: rest };
  return { ...all, reached: isReached(all) };
};

const repeat = async ({ side, repetitions }: Lane): Promise<void> => {
  const load = loadavg()[0] as number;
  repetitions.push({ seconds: await side.run(), load });
};

/** Does the work unless the lane has failed before; remembers how it failed. */
const attempt = async (lane: Lane, work: () => Promise<unknown>): Promise<void> => {
  if (lane.error !== undefined) return;
  try {
    await work();
  } catch (error) {
    lane.error = messageOf(error);
  }
};

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const resultOf = async (lane: Lane, ours: Lane | undefined): Promise<SideResult> => {
  const { side, repetitions } = lane;
  let peakMemoryBytes: number | undefined;
  await attempt(lane, async () => {
    peakMemoryBytes = await side.peakMemory?.();
  });
  const { error } = lane;
  const facts = error === undefined ? side.facts?.() : undefined;
  const seconds = repetitions.map((each) => each.seconds);
  const sound = error === undefined && seconds.length > 0;
  const comparable = sound && ours !== undefined && ours.error === undefined;
  return {
    name: side.name,
    repetitions,
    spread: sound ? spreadOf(seconds) : undefined,
    ratio: comparable
      ? ratioOf(
          ours.repetitions.map((each) => each.seconds),
          seconds,
        )
      : undefined,
    peakMemoryBytes,
    facts,
    error,
  };
};

/**
 * The peer that the target is about, and the ratio that counts: the smaller of its two. Undefined where there is no peer,
 * where all failed, or where one failed and not the fastest alone counts.
 */
export const countedPeer = ({
  against,
  peers,
}: Pick<Result, 'against' | 'peers'>): { readonly name: string; readonly ratio: number } | undefined => {
  const compared = peers.flatMap(({ name, ratio }) =>
    ratio === undefined ? [] : [{ name, ratio: Math.min(ratio.ofMedians, ratio.perRound) }],
  );
  if (compared.length < peers.length && against !== 'fastest') return undefined;
  const byRatio = compared.toSorted((a, b) => a.ratio - b.ratio);
  return against === 'slowest' ? byRatio.at(-1) : byRatio[0];
};

const isReached = (result: Omit<Result, 'reached'>): boolean | undefined => {
  const { target, targetSeconds, ours } = result;
  const ratio = countedPeer(result)?.ratio;
  if (target !== undefined && ratio === undefined) return undefined;
  if (targetSeconds !== undefined && !ours.spread) return undefined;
  if (target === undefined && targetSeconds === undefined) return undefined;
  return (ratio ?? 0) >= (target ?? 0) && (ours.spread?.median ?? 0) <= (targetSeconds ?? Number.POSITIVE_INFINITY);
};
