import { tf } from './tf.ts';

/** Cosines of one matrix product: bounds its memory at 64 MiB, as long as one row has fewer. */
const blockCosines = 16 * 2 ** 20;

/**
 * Calls `take` with the cosines of each row of one matrix to all rows of another, in order: exact, in blocks.
 *
 * @param left float32 [N, size], unit rows
 * @param right float32 [M, size], unit rows, at least one
 * @param take gets the number of the row and float32 [M] in [-1, 1], a view that is valid during the call
 */
export const eachRowOfCosines = (
  left: Float32Array,
  right: Float32Array,
  size: number,
  take: (row: number, cosines: Float32Array) => void,
): void => {
  const columns = right.length / size;
  const rows = Math.max(1, Math.floor(blockCosines / columns));
  const others = tf.tensor2d(right, [columns, size]);
  for (let first = 0; first * size < left.length; first += rows) {
    const block = left.subarray(first * size, (first + rows) * size);
    const count = block.length / size;
    const cosines = tf.tidy(
      () => tf.matMul(tf.tensor2d(block, [count, size]), others, false, true).dataSync() as Float32Array,
    );
    for (let i = 0; i < count; i++) take(first + i, cosines.subarray(i * columns, (i + 1) * columns));
  }
  others.dispose();
};
