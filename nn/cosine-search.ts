import { tf } from './tf.ts';

/** What is looked for in a block of cosines. */
export interface CosineSearch {
  /** Cosines strictly above it, as float32, are counted. */
  readonly threshold: number;
  /** Pairs strictly above it are candidates for the list of the best. */
  readonly floor: number;
  /** Pairs that are returned at most: those of the highest cosine. */
  readonly most: number;
  /** Whether both matrices are the same rows: then each pair counts once, and no row with itself. */
  readonly same: boolean;
}

/** For each row or column of a block: the highest cosine and where it is, and how many are above the threshold. */
export interface Highest {
  /** float32 [N] in [-1, 1]; -2 where a row has nothing to be compared with */
  readonly cosine: Float32Array;
  /** int32 [N], the first of equally high ones */
  readonly at: Int32Array;
  /** int32 [N] */
  readonly above: Int32Array;
}

export interface CosineBlock {
  readonly rows: Highest;
  readonly columns: Highest;
  /** Best pairs, highest cosine first, then by row and column. */
  readonly pairs: readonly { readonly row: number; readonly column: number; readonly cosine: number }[];
}

/**
 * Compares every row of one matrix with every row of another. The cosines stay in TensorFlow's memory: fetching millions of them
 * takes seconds.
 *
 * @param left float32 [N, size], unit rows @param right float32 [M, size], unit rows
 */
export const searchCosines = (
  left: Float32Array,
  right: Float32Array,
  size: number,
  { threshold, floor, most, same }: CosineSearch,
): CosineBlock => {
  const [rows, columns] = [left.length / size, right.length / size];
  let found: CosineBlock | undefined;
  tf.tidy(() => {
    const all: tf.Tensor2D = tf.matMul(
      tf.tensor2d(left, [rows, size]),
      tf.tensor2d(right, [columns, size]),
      false,
      true,
    );
    const cosines = same ? aboveDiagonal(all) : all;
    const higher = tf.cast(tf.greater(cosines, threshold), 'int32');
    const candidates = tf.sum(tf.cast(tf.greater(cosines, floor), 'int32')).dataSync()[0] as number;
    found = {
      rows: highestAlong(cosines, higher, 1),
      columns: highestAlong(cosines, higher, 0),
      pairs: bestOf(cosines, Math.min(candidates, most), columns),
    };
  });
  return found as CosineBlock;
};

/** The strict upper triangle; -2 elsewhere. */
const aboveDiagonal = (cosines: tf.Tensor2D): tf.Tensor2D => {
  const order = tf.range(0, cosines.shape[0], 1, 'int32');
  return tf.where(tf.greater(tf.expandDims(order, 0), tf.expandDims(order, 1)), cosines, tf.fill(cosines.shape, -2));
};

const highestAlong = (cosines: tf.Tensor2D, higher: tf.Tensor, axis: 0 | 1): Highest => ({
  cosine: cosines.max(axis).dataSync() as Float32Array,
  at: cosines.argMax(axis).dataSync() as Int32Array,
  above: higher.sum(axis).dataSync() as Int32Array,
});

const bestOf = (cosines: tf.Tensor2D, count: number, columns: number): CosineBlock['pairs'] => {
  if (count === 0) return [];
  const { values, indices } = tf.topk(cosines.flatten(), count);
  const at = indices.dataSync();
  return [...values.dataSync()].map((cosine, i) => {
    const index = at[i] as number;
    return { row: Math.floor(index / columns), column: index % columns, cosine };
  });
};
