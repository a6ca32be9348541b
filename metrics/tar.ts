import { countFolds, type PairScores } from './folds.ts';
import { numpyMean, numpyStd, pairwiseSum } from './pairwise.ts';
import { binOf } from './statistics.ts';

/** True accept rate at a false accept rate over folds, as InsightFace reports it ("VAL at FAR"). */
export interface FoldedTar {
  /** The false accept rate that was asked for. */
  readonly far: number;
  /** Mean over folds of the share of same pairs that are accepted. */
  readonly tar: number;
  /** Population standard deviation of `tar` over folds. */
  readonly std: number;
  /** Mean over folds of the false accept rate on the held-out pairs. */
  readonly farReached: number;
  /** Squared distances; 0, which accepts nobody, where the other folds do not reach the rate. */
  readonly foldThresholds: number[];
}

/** True accept rate at a false accept rate over all pairs together. */
export interface Tar {
  /** The false accept rate that was asked for. */
  readonly far: number;
  readonly tar: number;
  /** The false accept rate at this threshold, at most `far`. */
  readonly farReached: number;
  /** A pair is accepted where its distance is strictly below. */
  readonly threshold: number;
}

/** 0, 0.001, … 3.999 (InsightFace `verification.py`). */
const tarThresholds: readonly number[] = Array.from({ length: 4000 }, (_, i) => i * 0.001);

/**
 * TAR at FAR by InsightFace's `calculate_val`: for each fold, the threshold at which the other folds have the false accept rate
 * `far`, found by linear interpolation between thresholds, is applied to the held-out pairs.
 *
 * @returns undefined where a fold has no same or no different pair: InsightFace divides by zero there
 * @throws CemiflowError `FoldEmpty`
 */
export const tarOverFolds = (scores: PairScores, far: number): FoldedTar | undefined => {
  const { same, different, differentBelow } = countFolds(scores, tarThresholds);
  if (same.includes(0) || different.includes(0)) return undefined;
  const folds = same.length;
  const differentPairs = pairwiseSum(different);
  const falseAccepts = tarThresholds.map((_, t) => differentBelow.reduce((sum, row) => sum + (row[t] as number), 0));
  const foldThresholds = different.map((held, f) => {
    const row = differentBelow[f] as Int32Array;
    const rates = falseAccepts.map((count, t) => (count - (row[t] as number)) / (differentPairs - held));
    return thresholdAt(rates, far);
  });
  const accepted = { same: new Float64Array(folds), different: new Float64Array(folds) };
  scores.distance.forEach((distance, pair) => {
    const f = scores.fold[pair] as number;
    const counts = scores.same[pair] === 1 ? accepted.same : accepted.different;
    if (distance < (foldThresholds[f] as number)) counts[f] = (counts[f] as number) + 1;
  });
  const rates = accepted.same.map((count, f) => count / (same[f] as number));
  return {
    far,
    tar: numpyMean(rates),
    std: numpyStd(rates),
    farReached: numpyMean(accepted.different.map((count, f) => count / (different[f] as number))),
    foldThresholds,
  };
};

/**
 * Where the false accept rate reaches `far`: SciPy's `interp1d(rates, thresholds, kind='slinear')`, which evaluates a B-spline
 * of degree one between the last threshold whose rate is at most `far` and the next.
 *
 * @param rates ascending, the false accept rate at each threshold
 */
const thresholdAt = (rates: readonly number[], far: number): number => {
  if ((rates.at(-1) as number) < far) return 0;
  const i = Math.min(binOf(far, rates) - 1, rates.length - 2);
  const [low, high] = [rates[i] as number, rates[i + 1] as number];
  if (low === high) return 0;
  const w = 1 / (high - low);
  return (tarThresholds[i] as number) * (w * (high - far)) + (tarThresholds[i + 1] as number) * (w * (far - low));
};

/** Distances of same and of different pairs, each ascending. */
export interface SortedPairs {
  readonly same: Float32Array;
  readonly different: Float32Array;
}

export const sortPairs = ({ distance, same }: Pick<PairScores, 'distance' | 'same'>): SortedPairs => ({
  same: distance.filter((_, pair) => same[pair] === 1).sort(),
  different: distance.filter((_, pair) => same[pair] !== 1).sort(),
});

/**
 * The highest TAR whose FAR is at most `far`, over all pairs: the threshold is the smallest distance of a different pair that
 * may not be accepted.
 *
 * @param pairs at least one same and one different pair
 * @param far below 1
 */
export const tarAt = (pairs: SortedPairs, far: number): Tar => {
  const count = pairs.different.length;
  let allowed = Math.floor(far * count);
  // The product may be rounded to just below a whole number.
  if ((allowed + 1) / count <= far) allowed++;
  return { far, ...operatingPoint(pairs, allowed) };
};

/** Points of the receiver operating characteristic. */
export interface Roc {
  /** Share of different pairs accepted, ascending. */
  readonly far: number[];
  /** Share of same pairs accepted at the same threshold. */
  readonly tar: number[];
}

/** Points of a decade of FAR, where there are that many. */
const pointsPerDecade = 20;

/**
 * The ROC over all pairs, from no false accept on: thresholds at different pairs, evenly spaced in the logarithm of FAR.
 *
 * @param pairs at least one same and one different pair
 */
export const rocOf = (pairs: SortedPairs): Roc => {
  const count = pairs.different.length;
  const roc = { far: [] as number[], tar: [] as number[] };
  const note = (far: number, tar: number): void => {
    const last = roc.far.length - 1;
    // Different pairs of equal distance are accepted together.
    if (roc.far[last] === far) roc.tar[last] = tar;
    else {
      roc.far.push(far);
      roc.tar.push(tar);
    }
  };
  for (const allowed of allowedAccepts(count)) {
    const { farReached, tar } = operatingPoint(pairs, allowed);
    note(farReached, tar);
  }
  note(1, 1);
  return roc;
};

/** 0, 1, 2, … spaced out as they grow, all below `count`. */
const allowedAccepts = (count: number): number[] => {
  const steps = Math.ceil(Math.log10(count) * pointsPerDecade) + 1;
  const wanted = Array.from({ length: steps }, (_, i) => Math.round(10 ** (i / pointsPerDecade)));
  return [...new Set([0, ...wanted])].filter((allowed) => allowed < count);
};

/** At the threshold that accepts at most `allowed` of the different pairs. @param allowed below their number */
const operatingPoint = (
  { same, different }: SortedPairs,
  allowed: number,
): { tar: number; farReached: number; threshold: number } => {
  const threshold = different[allowed] as number;
  return {
    tar: below(same, threshold) / same.length,
    farReached: below(different, threshold) / different.length,
    threshold,
  };
};

/** How many of ascending values lie strictly below a limit. */
const below = (values: Float32Array, limit: number): number => {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((values[middle] as number) < limit) low = middle + 1;
    else high = middle;
  }
  return low;
};
