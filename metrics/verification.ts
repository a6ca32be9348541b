import { CemiflowError } from '../core/errors.ts';
import { mean, populationStd } from './statistics.ts';

/** Scores of one verification set. */
export interface PairScores {
  /** float32 [P], squared Euclidean distance of the unit embeddings, 0 … 4 */
  readonly distance: Float32Array;
  /** uint8 [P], 1 where both images show one identity */
  readonly same: Uint8Array;
  /** int32 [P], the fold of each pair */
  readonly fold: Int32Array;
}

export interface VerificationResult {
  /** Mean over folds of the share of pairs judged rightly, 0 … 1. */
  readonly accuracy: number;
  /** Population standard deviation over folds. */
  readonly std: number;
  /** Mean over folds of the thresholds used. */
  readonly threshold: number;
  readonly foldAccuracies: number[];
  readonly foldThresholds: number[];
  readonly pairs: number;
}

/** 0, 0.01, … 3.99 (InsightFace `verification.py`). */
export const thresholds: readonly number[] = Array.from({ length: 400 }, (_, i) => i * 0.01);

/** Squared Euclidean distances of pairs of rows. @param embeddings float32 [N, size] @returns float32 [P] */
export const pairDistances = (
  embeddings: Float32Array,
  size: number,
  left: Int32Array,
  right: Int32Array,
): Float32Array =>
  Float32Array.from(left, (first, pair) => {
    const a = first * size;
    const b = (right[pair] as number) * size;
    let sum = 0;
    for (let k = 0; k < size; k++) sum += ((embeddings[a + k] as number) - (embeddings[b + k] as number)) ** 2;
    return sum;
  });

/**
 * InsightFace's protocol: for each fold, the first threshold that is best on all other folds is applied to the held-out
 * pairs; a pair is judged the same where its distance is strictly below the threshold.
 *
 * @throws CemiflowError `FoldEmpty` where a fold has no pairs, or there are not two folds
 */
export const verify = ({ distance, same, fold }: PairScores): VerificationResult => {
  const folds = fold.reduce((highest, f) => Math.max(highest, f), 0) + 1;
  const sizes = new Array<number>(folds).fill(0);
  const right = Array.from({ length: folds }, () => new Int32Array(thresholds.length));
  for (let pair = 0; pair < distance.length; pair++) {
    const f = fold[pair] as number;
    sizes[f] = (sizes[f] as number) + 1;
    const counts = right[f] as Int32Array;
    for (let t = 0; t < thresholds.length; t++) {
      const judgedSame = (distance[pair] as number) < (thresholds[t] as number);
      if (judgedSame === (same[pair] === 1)) counts[t] = (counts[t] as number) + 1;
    }
  }
  const empty = folds < 2 ? 1 : sizes.indexOf(0);
  if (empty >= 0) throw foldEmpty(empty, folds, distance.length);
  const all = thresholds.map((_, t) => right.reduce((sum, counts) => sum + (counts[t] as number), 0));
  const best = right.map((held) => firstMaximum(all.map((count, t) => count - (held[t] as number))));
  const foldAccuracies = right.map((held, f) => (held[best[f] as number] as number) / (sizes[f] as number));
  const foldThresholds = best.map((t) => thresholds[t] as number);
  return {
    accuracy: mean(foldAccuracies),
    std: populationStd(foldAccuracies),
    threshold: mean(foldThresholds),
    foldAccuracies,
    foldThresholds,
    pairs: distance.length,
  };
};

/** 1 where a pair is judged rightly by the threshold of its fold, as `verify` counts it. @returns uint8 [P] */
export const judgements = (scores: PairScores): Uint8Array => {
  const { foldThresholds } = verify(scores);
  return Uint8Array.from(scores.distance, (distance, pair) => {
    const judgedSame = distance < (foldThresholds[scores.fold[pair] as number] as number);
    return Number(judgedSame === (scores.same[pair] === 1));
  });
};

const foldEmpty = (fold: number, folds: number, pairs: number): CemiflowError =>
  new CemiflowError('FoldEmpty', `fold ${fold} has no pairs: ${pairs} pairs are in folds 0 … ${folds - 1}`, {
    remedy: 'give each fold at least one pair, and at least two folds, numbered from 0 without gaps',
    data: { fold, folds, pairs },
  });

const firstMaximum = (values: readonly number[]): number => values.indexOf(Math.max(...values));

/** What `evaluate/verification` keeps as `metrics.json`. */
export interface VerificationMetrics {
  readonly kind: 'verification';
  readonly sets: { readonly [set: string]: VerificationResult & { readonly scores: string } };
  /** Mean accuracy of the sets. */
  readonly average: number;
}

/** @param sets pair scores of each set with the digest of the file that holds them, in the order of evaluation */
export const verificationMetrics = (
  sets: readonly (readonly [set: string, scores: PairScores, digest: string])[],
): VerificationMetrics => {
  const results = sets.map(([set, scores, digest]) => [set, { ...verify(scores), scores: digest }] as const);
  return {
    kind: 'verification',
    sets: Object.fromEntries(results),
    average: mean(results.map(([, { accuracy }]) => accuracy)),
  };
};
