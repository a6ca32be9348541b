import { CemiflowError } from '../core/errors.ts';
import { randomStream } from '../core/random.ts';
import { mean } from './statistics.ts';
import { judgements, type PairScores } from './verification.ts';

/** How much better one recognizer verifies than another, and how sure that is. */
export interface PairedDifference {
  /** Accuracy of the first minus that of the second, mean over sets, -1 … 1. */
  readonly difference: number;
  /** Ends of the interval of the bootstrap that holds `level` of the resamples. */
  readonly lowest: number;
  readonly highest: number;
  readonly level: number;
  readonly resamples: number;
  /** Pairs of all sets. */
  readonly pairs: number;
}

/** Scores of two recognizers for the same pairs. */
export type ScoredTwice = readonly [first: PairScores, second: PairScores];

/**
 * Compares two recognizers over the same pairs: the difference of their accuracies with its percentile interval. Pairs are
 * drawn with replacement within each set, and both recognizers are scored on the same draw, so that what is hard for both
 * cancels out. Each pair keeps the threshold of its fold. The spread over folds says less: it holds how folds differ, too.
 *
 * @param sets one entry a verification set
 * @throws CemiflowError `PairsDiffer` where the two were not scored on the same pairs
 */
export const pairedBootstrap = (
  sets: readonly ScoredTwice[],
  seed: number,
  { resamples = 10_000, level = 0.95 } = {},
): PairedDifference => {
  const gains = sets.map(([first, second], set) => gainsOf(first, second, set));
  const uniform = randomStream(seed, 'paired bootstrap');
  const drawn = Float64Array.from({ length: resamples }, () => mean(gains.map((gain) => resampledMean(gain, uniform))));
  drawn.sort();
  const tail = (1 - level) / 2;
  return {
    difference: mean(gains.map(mean)),
    lowest: quantile(drawn, tail),
    highest: quantile(drawn, 1 - tail),
    level,
    resamples,
    pairs: gains.reduce((sum, { length }) => sum + length, 0),
  };
};

/** What each pair adds to the difference: their mean is that of the accuracies, in which folds count alike. */
const gainsOf = (first: PairScores, second: PairScores, set: number): Float64Array => {
  if (!equal(first.same, second.same) || !equal(first.fold, second.fold)) throw pairsDiffer(set);
  const [a, b] = [judgements(first), judgements(second)];
  const sizes = new Map<number, number>();
  for (const fold of first.fold) sizes.set(fold, (sizes.get(fold) ?? 0) + 1);
  const even = first.fold.length / sizes.size;
  return Float64Array.from(first.fold, (fold, pair) => {
    return ((a[pair] as number) - (b[pair] as number)) * (even / (sizes.get(fold) as number));
  });
};

const resampledMean = (values: Float64Array, uniform: () => number): number => {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[Math.floor(uniform() * values.length)] as number;
  return sum / values.length;
};

/** Linear between neighbours, as NumPy's `quantile`. @param sorted at least one, ascending */
const quantile = (sorted: Float64Array, share: number): number => {
  const at = share * (sorted.length - 1);
  const low = sorted[Math.floor(at)] as number;
  return low + ((sorted[Math.ceil(at)] as number) - low) * (at - Math.floor(at));
};

const equal = (a: ArrayLike<number>, b: ArrayLike<number>): boolean =>
  a.length === b.length && Array.prototype.every.call(a, (value, i) => value === b[i]);

const pairsDiffer = (set: number): CemiflowError =>
  new CemiflowError('PairsDiffer', `the two recognizers were not scored on the same pairs of set ${set}`, {
    remedy: 'evaluate both on the same benchmarks',
    data: { set },
  });
