import { randomStream } from '../../core/random.ts';
import { mean, quantile } from '../statistics.ts';
import { type GradedSet, gradedSets, type ScoredSets } from './graded.ts';
import { type TrainingSpread, trainingDeviations, trainingSpread } from './training.ts';

export type { ScoredSets } from './graded.ts';
export type { TrainingSpread } from './training.ts';

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
  /** How often a resample is off by as much as the difference: two-sided, for this difference alone, 1 / (resamples + 1) … 1. */
  readonly p: number;
}

/** Accuracy of one recognizer, mean over sets and runs, 0 … 1. */
export interface Estimate extends Interval {
  readonly mean: number;
  /** Sample standard deviation over its runs; absent where there is one. */
  readonly std?: number;
}

/** Recognizers compared with one another on the same pairs. */
export interface Bootstrap {
  readonly level: number;
  readonly resamples: number;
  /** Pairs of all sets. */
  readonly pairs: number;
  /** How much larger the variance of differences over folds is than that over pairs; intervals are widened by its root where it is above 1. */
  readonly designEffect: number;
  /** Absent where no recognizer has several runs: intervals then hold for these trainings alone. */
  readonly training?: TrainingSpread;
  /** Of each recognizer, with an interval that holds alone. */
  readonly estimates: readonly Estimate[];
  /** @param first @param second places in the list of recognizers */
  between(first: number, second: number): PairedDifference;
}

/**
 * Compares recognizers over the same pairs. Three sources of chance are in the intervals:
 *
 * - Which pairs a benchmark has: pairs are drawn with replacement within each set, and all recognizers are scored on the same draw,
 *   so that what is hard for all of them cancels out. Each pair keeps the threshold of its fold.
 * - That people recur in several pairs: folds, which the usual benchmarks make of different people, then differ by more than
 *   independent pairs would. Deviations are multiplied by the root of the design effect (Kish 1965), where it is above 1.
 * - The training: of recognizers with several runs the pooled variance between runs is added, see `trainingDeviations`.
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
): Bootstrap => {
  const sets = gradedSets(recognizers);
  const accuracies = recognizers.map((runs, i) =>
    runs.map((_, r) => mean(sets.map((set) => set.runs[i]?.[r] as number))),
  );
  const means = accuracies.map(mean);
  const training = trainingSpread(accuracies);
  const overPairs = deviationsOverPairs(sets, means, resamples, randomStream(seed, 'paired bootstrap'));
  const designEffect = designEffectOf(sets, overPairs);
  const widened = Math.sqrt(Math.max(1, designEffect));
  const runs = accuracies.map((each) => each.length);
  const overTrainings = trainingDeviations(training, runs, resamples, seed);
  const drawn = overPairs.map((of, i) => of.map((value, k) => widened * value + (overTrainings[i]?.[k] as number)));
  const errors = overPairs.map((a, i) =>
    overPairs.map((b, j) => {
      const trained = i === j ? 0 : (training?.std ?? 0) ** 2 * (1 / (runs[i] as number) + 1 / (runs[j] as number));
      return Math.sqrt(widened ** 2 * meanSquare(a, b) + trained);
    }),
  );
  const reach = quantile(largestDeviations(drawn, errors).sort(), level);
  const tail = (1 - level) / 2;
  const estimates = means.map((mean, i): Estimate => {
    const sorted = Float64Array.from(drawn[i] as Float64Array).sort();
    const own = accuracies[i] as readonly number[];
    const std = Math.sqrt(own.reduce((sum, each) => sum + (each - mean) ** 2, 0) / (own.length - 1));
    const interval = { lowest: mean + quantile(sorted, tail), highest: mean + quantile(sorted, 1 - tail) };
    return { mean, ...(own.length > 1 && { std }), ...interval };
  });
  const between = (first: number, second: number): PairedDifference => {
    const difference = (means[first] as number) - (means[second] as number);
    const [a, b] = [drawn[first] as Float64Array, drawn[second] as Float64Array];
    const sorted = a.map((value, k) => value - (b[k] as number)).sort();
    const half = reach * (errors[first]?.[second] as number);
    const off = sorted.reduce((count, value) => count + Number(Math.abs(value) >= Math.abs(difference) - rounding), 0);
    return {
      difference,
      alone: { lowest: difference + quantile(sorted, tail), highest: difference + quantile(sorted, 1 - tail) },
      together: { lowest: difference - half, highest: difference + half },
      p: (1 + off) / (resamples + 1),
    };
  };
  const pairs = sets.reduce((sum, set) => sum + set.pairs, 0);
  return { level, resamples, pairs, designEffect, ...(training && { training }), estimates, between };
};

/** Accuracies are sums of shares: equal ones may differ in their last digits. */
const rounding = 1e-12;

/** How far each recognizer's accuracy, mean over sets, is off in each resample of pairs. @returns for each recognizer float64 [resamples] */
const deviationsOverPairs = (
  sets: readonly GradedSet[],
  means: readonly number[],
  resamples: number,
  uniform: () => number,
): Float64Array[] => {
  const drawn = means.map((mean) => new Float64Array(resamples).fill(-mean));
  const counts = sets.map(({ gains }) => new Float64Array(gains[0]?.length ?? 0));
  for (let k = 0; k < resamples; k++) {
    sets.forEach((set, s) => {
      const count = counts[s] as Float64Array;
      drawWays(set, count, uniform);
      drawn.forEach((of, i) => {
        of[k] = (of[k] as number) + dot(set.gains[i] as Float64Array, count) / set.pairs / sets.length;
      });
    });
  }
  return drawn;
};

/** Draws as many pairs as a set has, with replacement. @param count is overwritten: how often each way was drawn */
const drawWays = ({ wayOf, pairs }: GradedSet, count: Float64Array, uniform: () => number): void => {
  count.fill(0);
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

const meanSquare = (a: Float64Array, b: Float64Array): number => {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += ((a[k] as number) - (b[k] as number)) ** 2;
  return sum / a.length;
};

/** Variance of the differences of all pairs of recognizers over folds, in units of that over pairs; 1 where none differ. */
const designEffectOf = (sets: readonly GradedSet[], drawn: readonly Float64Array[]): number => {
  let [overFolds, overPairs] = [0, 0];
  drawn.forEach((a, i) => {
    for (let j = 0; j < i; j++) {
      overPairs += meanSquare(a, drawn[j] as Float64Array);
      for (const { folds } of sets) {
        const gains = (folds[i] as readonly number[]).map((value, f) => value - (folds[j]?.[f] as number));
        const center = mean(gains);
        const squares = gains.reduce((sum, gain) => sum + (gain - center) ** 2, 0);
        overFolds += squares / (gains.length - 1) / gains.length / sets.length ** 2;
      }
    }
  });
  return overPairs === 0 ? 1 : overFolds / overPairs;
};

/** Of each resample, by how many standard errors the difference is off that is off most. @returns float64 [resamples] */
const largestDeviations = (drawn: readonly Float64Array[], errors: readonly (readonly number[])[]): Float64Array => {
  const largest = new Float64Array(drawn[0]?.length ?? 0);
  drawn.forEach((a, i) => {
    for (let j = 0; j < i; j++) {
      const [b, error] = [drawn[j] as Float64Array, errors[i]?.[j] as number];
      // Recognizers that judge every pair alike do not differ in any resample.
      if (error === 0) continue;
      for (let k = 0; k < a.length; k++) {
        const off = Math.abs((a[k] as number) - (b[k] as number)) / error;
        if (off > (largest[k] as number)) largest[k] = off;
      }
    }
  });
  return largest;
};
