import { tf } from './tf.ts';

/** Rows of one matrix product: bounds its memory at 16 million cosines. */
const blockRows = 4096;

export interface Nearest {
  /** int32 [N], the first of equally near ones */
  readonly row: Int32Array;
  /** float32 [N] in [-1, 1] */
  readonly cosine: Float32Array;
}

/**
 * For each row of one matrix the row of another with the highest cosine: exact, all pairs, in blocks.
 *
 * @param left float32 [N, size], unit rows
 * @param right float32 [M, size], unit rows, at least one
 */
export const nearestRows = (left: Float32Array, right: Float32Array, size: number): Nearest => {
  const row = new Int32Array(left.length / size);
  const cosine = new Float32Array(row.length).fill(Number.NEGATIVE_INFINITY);
  for (const [from, a] of blocks(left, size))
    for (const [first, b] of blocks(right, size)) {
      const { highest, at } = highestOf(a, b, size);
      for (const [i, value] of highest.entries())
        if (value > (cosine[from + i] as number)) {
          cosine[from + i] = value;
          row[from + i] = first + (at[i] as number);
        }
    }
  return { row, cosine };
};

const highestOf = (a: Float32Array, b: Float32Array, size: number): { highest: Float32Array; at: Int32Array } =>
  tf.tidy(() => {
    const cosines = tf.matMul(
      tf.tensor2d(a, [a.length / size, size]),
      tf.tensor2d(b, [b.length / size, size]),
      false,
      true,
    );
    return {
      highest: cosines.max(1).dataSync() as Float32Array,
      at: cosines.argMax(1).dataSync() as Int32Array,
    };
  });

function* blocks(rows: Float32Array, size: number): Generator<readonly [first: number, block: Float32Array]> {
  for (let first = 0; first * size < rows.length; first += blockRows)
    yield [first, rows.subarray(first * size, (first + blockRows) * size)];
}
