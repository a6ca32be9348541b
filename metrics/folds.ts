import { CemiflowError } from '../core/errors.ts';
import { binOf } from './statistics.ts';

/** Scores of one verification set. */
export interface PairScores {
  /** float32 [P], squared Euclidean distance of the unit embeddings, 0 … 4 */
  readonly distance: Float32Array;
  /** uint8 [P], 1 where both images show one identity */
  readonly same: Uint8Array;
  /** int32 [P], the fold of each pair */
  readonly fold: Int32Array;
}

/** Pairs that lie strictly below each threshold, by fold. */
export interface FoldCounts {
  /** Same pairs of each fold. */
  readonly same: readonly number[];
  /** Different pairs of each fold. */
  readonly different: readonly number[];
  /** int32 [T] of each fold: its same pairs with a distance strictly below threshold t. */
  readonly sameBelow: readonly Int32Array[];
  /** int32 [T] of each fold: its different pairs with a distance strictly below threshold t. */
  readonly differentBelow: readonly Int32Array[];
}

/**
 * Counts the pairs of each fold below each threshold.
 *
 * @param thresholds ascending
 * @throws CemiflowError `FoldEmpty` where a fold has no pairs, or there are not two folds
 */
export const countFolds = ({ distance, same, fold }: PairScores, thresholds: readonly number[]): FoldCounts => {
  const folds = fold.reduce((highest, f) => Math.max(highest, f), 0) + 1;
  const zeros = (): number[] => new Array<number>(folds).fill(0);
  const counts = { same: zeros(), different: zeros() };
  const rows = (): Int32Array[] => Array.from({ length: folds }, () => new Int32Array(thresholds.length));
  const [sameBelow, differentBelow] = [rows(), rows()];
  for (let pair = 0; pair < distance.length; pair++) {
    const f = fold[pair] as number;
    const isSame = same[pair] === 1;
    const sizes = isSame ? counts.same : counts.different;
    sizes[f] = (sizes[f] as number) + 1;
    // The first threshold that the distance lies strictly below.
    const first = binOf(distance[pair] as number, thresholds);
    const row = (isSame ? sameBelow : differentBelow)[f] as Int32Array;
    if (first < thresholds.length) row[first] = (row[first] as number) + 1;
  }
  const sizes = counts.same.map((n, f) => n + (counts.different[f] as number));
  const empty = folds < 2 ? 1 : sizes.indexOf(0);
  if (empty >= 0) throw foldEmpty(empty, folds, distance.length);
  for (const row of [...sameBelow, ...differentBelow])
    for (let t = 1; t < row.length; t++) row[t] = (row[t] as number) + (row[t - 1] as number);
  return { ...counts, sameBelow, differentBelow };
};

const foldEmpty = (fold: number, folds: number, pairs: number): CemiflowError =>
  new CemiflowError('FoldEmpty', `fold ${fold} has no pairs: ${pairs} pairs are in folds 0 … ${folds - 1}`, {
    remedy: 'give each fold at least one pair, and at least two folds, numbered from 0 without gaps',
    data: { fold, folds, pairs },
  });
