import { countFolds, type PairScores } from './folds.ts';
import { numpyMean, numpyStd } from './pairwise.ts';
import { mean, populationStd } from './statistics.ts';
import { type FoldedTar, type Roc, rocOf, sortPairs, type Tar, tarAt, tarOverFolds } from './tar.ts';

export type { PairScores } from './folds.ts';

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
export const verify = (scores: PairScores): VerificationResult => {
  const { foldAccuracies, foldThresholds } = judgeFolds(scores);
  return {
    accuracy: numpyMean(foldAccuracies),
    std: numpyStd(foldAccuracies),
    threshold: numpyMean(foldThresholds),
    foldAccuracies,
    foldThresholds,
    pairs: scores.distance.length,
  };
};

const judgeFolds = (scores: PairScores) => {
  const { sizes, right } = judgedRight(scores);
  const all = sumOf(right);
  const best = right.map((held) => firstMaximum(all.map((count, t) => count - (held[t] as number))));
  return {
    foldAccuracies: right.map((held, f) => (held[best[f] as number] as number) / (sizes[f] as number)),
    foldThresholds: best.map((t) => thresholds[t] as number),
  };
};

/** Pairs of each fold, and how many of them each threshold judges rightly. */
const judgedRight = (scores: PairScores): { sizes: number[]; right: number[][] } => {
  const { same, different, sameBelow, differentBelow } = countFolds(scores, thresholds);
  return {
    sizes: same.map((count, f) => count + (different[f] as number)),
    right: different.map((count, f) =>
      thresholds.map((_, t) => (sameBelow[f]?.[t] as number) + count - (differentBelow[f]?.[t] as number)),
    ),
  };
};

const sumOf = (rows: readonly (readonly number[])[]): number[] =>
  thresholds.map((_, t) => rows.reduce((sum, row) => sum + (row[t] as number), 0));

/** The first threshold that judges most of all pairs rightly. */
export interface BestThreshold {
  /** Squared distance; same where strictly below. */
  readonly threshold: number;
  /** Share of all pairs that it judges rightly: it was chosen on these pairs, so it flatters. */
  readonly accuracy: number;
}

const bestThreshold = (scores: PairScores): BestThreshold => {
  const all = sumOf(judgedRight(scores).right);
  const best = firstMaximum(all);
  return { threshold: thresholds[best] as number, accuracy: (all[best] as number) / scores.distance.length };
};

/** 1 where a pair is judged rightly by the threshold of its fold, as `verify` counts it. @returns uint8 [P] */
export const judgements = (scores: PairScores): Uint8Array => {
  const { foldThresholds } = verify(scores);
  return Uint8Array.from(scores.distance, (distance, pair) => {
    const judgedSame = distance < (foldThresholds[scores.fold[pair] as number] as number);
    return Number(judgedSame === (scores.same[pair] === 1));
  });
};

const firstMaximum = (values: readonly number[]): number => values.indexOf(Math.max(...values));

/** What is measured of a set beside its accuracy. */
export interface OperatingPoints {
  readonly best: BestThreshold;
  /** Absent where a fold has no same or no different pair. */
  readonly tarOverFolds?: FoldedTar;
  /** Over all pairs; empty where all of them are same, or all different. */
  readonly tar: readonly Tar[];
  /** Over all pairs; empty likewise. */
  readonly roc: Roc;
}

/** The order of an image's colours, as the recognizer was given them. */
export type Channels = 'rgb' | 'bgr';

/** What `evaluate/verification` keeps as `metrics.json`. */
export interface VerificationMetrics {
  readonly kind: 'verification';
  /** Absent in metrics from before there were operating points; their means were added up in order, not as NumPy does it. */
  readonly version?: 2;
  readonly channels?: Channels;
  readonly sets: {
    readonly [set: string]: VerificationResult & { readonly scores: string } & Partial<OperatingPoints>;
  };
  /** Mean accuracy of the sets. */
  readonly average: number;
}

/** Pair scores of sets with the digest of the file that holds them, in the order of evaluation. */
type ScoredSets = readonly (readonly [set: string, scores: PairScores, digest: string])[];

/** @param channels the order of colours that the images were embedded in, where a recognizer embedded them */
export const verificationMetrics = (
  sets: ScoredSets,
  { channels }: { readonly channels?: Channels } = {},
): VerificationMetrics => {
  const results = sets.map(([set, scores, digest]) => {
    return [set, { ...verify(scores), ...operatingPoints(scores), scores: digest }] as const;
  });
  return {
    kind: 'verification',
    version: 2,
    ...(channels === undefined ? {} : { channels }),
    sets: Object.fromEntries(results),
    average: numpyMean(results.map(([, { accuracy }]) => accuracy)),
  };
};

/** The rates that papers report: of 3,000 different pairs, no more than 3 and none may be accepted. */
const rates = [1e-3, 1e-4];

const operatingPoints = (scores: PairScores): OperatingPoints => {
  const sorted = sortPairs(scores);
  const hasBoth = sorted.same.length > 0 && sorted.different.length > 0;
  const folded = tarOverFolds(scores, 1e-3);
  return {
    best: bestThreshold(scores),
    ...(folded === undefined ? {} : { tarOverFolds: folded }),
    tar: hasBoth ? rates.map((far) => tarAt(sorted, far)) : [],
    roc: hasBoth ? rocOf(sorted) : { far: [], tar: [] },
  };
};

/** The metrics as they were before version 2, to the last digit: an audit recomputes stored ones. */
export const verificationMetricsBefore2 = (sets: ScoredSets): VerificationMetrics => {
  const results = sets.map(([set, scores, digest]) => {
    const { foldAccuracies, foldThresholds } = judgeFolds(scores);
    const result = {
      accuracy: mean(foldAccuracies),
      std: populationStd(foldAccuracies),
      threshold: mean(foldThresholds),
      ...{ foldAccuracies, foldThresholds, pairs: scores.distance.length, scores: digest },
    };
    return [set, result] as const;
  });
  return {
    kind: 'verification',
    sets: Object.fromEntries(results),
    average: mean(results.map(([, { accuracy }]) => accuracy)),
  };
};
