import { CemiflowError } from '../core/errors.ts';
import { randomStream } from '../core/random.ts';
import { mean, quantile } from './statistics.ts';
import { judgements, type PairScores } from './verification.ts';

/** Scores of one recognizer, by verification set. */
export type ScoredSets = { readonly [set: string]: PairScores };

/** Ends of an interval. */
export interface Interval {
  readonly lowest: number;
  readonly highest: number;
}

/** How much better one recognizer verifies than another, and how sure that is. */
export interface PairedDifference {
  /** Accuracy of the first minus that of the second, mean over sets, -1 … 1. */
  readonly difference: number;
  /** Holds the true difference at `level`, taken alone: percentiles of the resamples. */
  readonly alone: Interval;
  /** Holds at `level` together with those of all other pairs of recognizers: true also of the best one, picked by its accuracy. */
  readonly together: Interval;
}

/** Recognizers compared with one another on the same pairs. */
export interface PairedBootstrap {
  readonly level: number;
  readonly resamples: number;
  /** Pairs of all sets. */
  readonly pairs: number;
  /** @param first @param second places in the list of recognizers */
  between(first: number, second: number): PairedDifference;
}

/**
 * Compares recognizers over the same pairs. Pairs are drawn with replacement within each set, and all recognizers are scored
 * on the same draw, so that what is hard for all of them cancels out. Each pair keeps the threshold of its fold. The spread
 * over folds says less: it holds how folds differ, too.
 *
 * The intervals that hold together are those of the largest studentized difference: of each resample the largest of
 * |d* - d| / se over all pairs of recognizers is kept; the quantile of these at `level`, times se, is half an interval's width.
 *
 * @param recognizers each with its runs, at least one: trainings that differ in their seed, whose accuracies are averaged
 * @throws CemiflowError `PairsDiffer` where they were not scored on the same pairs
 */
export const pairedBootstrap = (
  recognizers: readonly (readonly ScoredSets[])[],
  seed: number,
  { resamples = 10_000, level = 0.95 } = {},
): PairedBootstrap => {
  const sets = gradedSets(recognizers);
  const estimates = recognizers.map((_, i) => mean(sets.map(({ means }) => means[i] as number)));
  const drawn = resampled(sets, recognizers.length, resamples, randomStream(seed, 'paired bootstrap'));
  const errors = standardErrors(drawn, estimates);
  const reach = quantile(largestDeviations(drawn, estimates, errors).sort(), level);
  const between = (first: number, second: number): PairedDifference => {
    const difference = (estimates[first] as number) - (estimates[second] as number);
    const [a, b] = [drawn[first] as Float64Array, drawn[second] as Float64Array];
    const sorted = a.map((value, k) => value - (b[k] as number)).sort();
    const tail = (1 - level) / 2;
    const half = reach * (errors[first]?.[second] as number);
    return {
      difference,
      alone: { lowest: quantile(sorted, tail), highest: quantile(sorted, 1 - tail) },
      together: { lowest: difference - half, highest: difference + half },
    };
  };
  return { level, resamples, pairs: sets.reduce((sum, { wayOf }) => sum + wayOf.length, 0), between };
};

/** One verification set as all recognizers judged it. Accuracies are relative to the first recognizer's. */
interface GradedSet {
  /** Of each recognizer over all pairs. */
  readonly means: readonly number[];
  /** What each pair adds to the recognizers' accuracies, by place in `gains`: few ways for many pairs. */
  readonly wayOf: Uint32Array;
  /** For each recognizer float64 [ways] */
  readonly gains: readonly Float64Array[];
}

const gradedSets = (recognizers: readonly (readonly ScoredSets[])[]): GradedSet[] => {
  const all = recognizers.flat();
  const names = Object.keys(all[0] ?? {});
  for (const scored of all)
    if (String(Object.keys(scored).sort()) !== String([...names].sort())) throw setsDiffer(names);
  return names.map((name) => {
    const runs = recognizers.map((each) => each.map((scored) => scored[name] as PairScores));
    const [first] = runs.flat() as [PairScores];
    const alike = runs.flat().every(({ same, fold }) => equal(same, first.same) && equal(fold, first.fold));
    if (!alike) throw pairsDiffer(name);
    return gradedSet(runs, weightsOf(first));
  });
};

const gradedSet = (runs: readonly (readonly PairScores[])[], weights: Float64Array): GradedSet => {
  const graded = runs.map((each) => meanOfRuns(each.map(judgements)));
  const [first] = graded as [Float64Array];
  const gains = graded.map((of) =>
    of.map((right, pair) => (right - (first[pair] as number)) * (weights[pair] as number)),
  );
  const ways = new Map<string, { readonly place: number; readonly pair: number }>();
  const wayOf = Uint32Array.from(weights, (_, pair) => {
    const own = gains.map((gain) => gain[pair]).join();
    const way = ways.get(own) ?? { place: ways.size, pair };
    ways.set(own, way);
    return way.place;
  });
  const examples = [...ways.values()].map(({ pair }) => pair);
  return {
    means: gains.map(mean),
    wayOf,
    gains: gains.map((gain) => Float64Array.from(examples, (pair) => gain[pair] as number)),
  };
};

const meanOfRuns = (judged: readonly Uint8Array[]): Float64Array =>
  Float64Array.from(judged[0] as Uint8Array, (_, pair) => mean(judged.map((right) => right[pair] as number)));

/** What a pair counts: the mean over pairs is then that over folds, in which folds count alike. */
const weightsOf = ({ fold }: PairScores): Float64Array => {
  const sizes = new Map<number, number>();
  for (const f of fold) sizes.set(f, (sizes.get(f) ?? 0) + 1);
  const even = fold.length / sizes.size;
  return Float64Array.from(fold, (f) => even / (sizes.get(f) as number));
};

/** Accuracies of each recognizer in each resample, mean over sets. @returns for each recognizer float64 [resamples] */
const resampled = (
  sets: readonly GradedSet[],
  recognizers: number,
  resamples: number,
  uniform: () => number,
): Float64Array[] => {
  const drawn = Array.from({ length: recognizers }, () => new Float64Array(resamples));
  const counts = sets.map(({ gains }) => new Float64Array(gains[0]?.length ?? 0));
  for (let k = 0; k < resamples; k++) {
    sets.forEach((set, s) => {
      const count = counts[s] as Float64Array;
      drawWays(set, count, uniform);
      // The first recognizer's accuracies are 0: all are relative to them.
      for (let i = 1; i < recognizers; i++) {
        const of = drawn[i] as Float64Array;
        of[k] = (of[k] as number) + dot(set.gains[i] as Float64Array, count) / set.wayOf.length / sets.length;
      }
    });
  }
  return drawn;
};

/** Draws as many pairs as a set has, with replacement. @param count is overwritten: how often each way was drawn */
const drawWays = ({ wayOf }: GradedSet, count: Float64Array, uniform: () => number): void => {
  count.fill(0);
  const pairs = wayOf.length;
  for (let draw = 0; draw < pairs; draw++) {
    const way = wayOf[Math.floor(uniform() * pairs)] as number;
    count[way] = (count[way] as number) + 1;
  }
};

const dot = (a: Float64Array, b: Float64Array): number => {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += (a[k] as number) * (b[k] as number);
  return sum;
};

/** Standard errors of the differences of all pairs of recognizers. */
const standardErrors = (drawn: readonly Float64Array[], estimates: readonly number[]): number[][] =>
  drawn.map((a, i) =>
    drawn.map((b, j) => {
      const difference = (estimates[i] as number) - (estimates[j] as number);
      let sum = 0;
      for (let k = 0; k < a.length; k++) sum += ((a[k] as number) - (b[k] as number) - difference) ** 2;
      return Math.sqrt(sum / a.length);
    }),
  );

/** Of each resample, by how many standard errors the difference is off that is off most. @returns float64 [resamples] */
const largestDeviations = (
  drawn: readonly Float64Array[],
  estimates: readonly number[],
  errors: readonly (readonly number[])[],
): Float64Array => {
  const largest = new Float64Array(drawn[0]?.length ?? 0);
  drawn.forEach((a, i) => {
    for (let j = 0; j < i; j++) {
      const [b, error] = [drawn[j] as Float64Array, errors[i]?.[j] as number];
      // Recognizers that judge every pair alike do not differ in any resample.
      if (error === 0) continue;
      const difference = (estimates[i] as number) - (estimates[j] as number);
      for (let k = 0; k < a.length; k++) {
        const off = Math.abs((a[k] as number) - (b[k] as number) - difference) / error;
        if (off > (largest[k] as number)) largest[k] = off;
      }
    }
  });
  return largest;
};

const equal = (a: ArrayLike<number>, b: ArrayLike<number>): boolean =>
  a.length === b.length && Array.prototype.every.call(a, (value, i) => value === b[i]);

const remedy = 'evaluate all of them on the same benchmarks';

const pairsDiffer = (set: string): CemiflowError =>
  new CemiflowError('PairsDiffer', `the recognizers were not scored on the same pairs of ${set}`, {
    remedy,
    data: { set },
  });

const setsDiffer = (sets: string[]): CemiflowError =>
  new CemiflowError('PairsDiffer', `the recognizers were not all scored on ${sets.join(', ')}, and on no other set`, {
    remedy,
    data: { sets },
  });
