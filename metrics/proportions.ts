import { mean } from './statistics.ts';

/** A share of trials, with the interval that holds the true share with 95 % confidence. */
export interface Proportion {
  readonly count: number;
  readonly total: number;
  /** 0 … 1 */
  readonly share: number;
  readonly lowest: number;
  readonly highest: number;
}

/** One share minus another, −1 … 1, with its 95 % interval. */
export interface ShareDifference {
  readonly value: number;
  readonly lowest: number;
  readonly highest: number;
}

/** The 97.5 % quantile of the standard normal distribution. */
const z = 1.959963984540054;

/** A share of independent trials. @param total at least 1 */
export const proportionOf = (count: number, total: number): Proportion => ({
  ...{ count, total, share: count / total },
  ...wilson(count / total, total),
});

/**
 * A share of trials that come in clusters, such as the images of one identity, which are alike. The interval is Wilson's for
 * the effective number of trials (Kish 1965): as many independent ones as would scatter as much.
 *
 * @param counts in each cluster; at least one
 * @param size trials in each cluster
 */
export const clusteredProportion = (counts: readonly number[], size: number): Proportion => {
  const total = counts.length * size;
  const count = counts.reduce((sum, each) => sum + each, 0);
  const trials = effectiveTrials(
    counts.map((each) => each / size),
    size,
  );
  return { count, total, share: count / total, ...wilson(count / total, trials) };
};

/** p (1 − p) / Var(p), where Var(p) is the variance of the mean over clusters: at least one a cluster, at most every trial. */
const effectiveTrials = (shares: readonly number[], size: number): number => {
  const clusters = shares.length;
  const p = mean(shares);
  const binomial = p * (1 - p);
  // Of no or all trials, and of one cluster, it cannot be seen how alike they are: then each cluster counts once.
  if (clusters === 1 || binomial === 0) return clusters;
  const squares = shares.reduce((sum, share) => sum + (share - p) * (share - p), 0);
  const trials = (binomial * clusters * (clusters - 1)) / squares;
  return Math.min(Math.max(trials, clusters), clusters * size);
};

/** Wilson's score interval (1927), which holds for small shares and counts too. */
const wilson = (p: number, n: number): { lowest: number; highest: number } => {
  const scale = 1 + (z * z) / n;
  const middle = (p + (z * z) / (2 * n)) / scale;
  const half = (z * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n))) / scale;
  // Rounding must not push an end across the share: of no counts the lower end is 0.
  return { lowest: p === 0 ? 0 : middle - half, highest: p === 1 ? 1 : middle + half };
};

/** The difference of two independent shares, by Newcombe's hybrid of both score intervals (1998, method 10). */
export const differenceOf = (a: Proportion, b: Proportion): ShareDifference => {
  const value = a.share - b.share;
  return {
    value,
    lowest: value - root(a.share - a.lowest, b.highest - b.share),
    highest: value + root(a.highest - a.share, b.share - b.lowest),
  };
};

const root = (a: number, b: number): number => Math.sqrt(a * a + b * b);
