import { tf } from './tf.ts';

/**
 * Every row of one matrix with every row of another.
 *
 * @param left float32 [N, size], unit rows @param right float32 [M, size], unit rows
 * @returns float32 [N, M] in [-1, 1]
 */
export const cosines = (left: Float32Array, right: Float32Array, size: number): Float32Array =>
  tf.tidy(
    () =>
      tf
        .matMul(
          tf.tensor2d(left, [left.length / size, size]),
          tf.tensor2d(right, [right.length / size, size]),
          false,
          true,
        )
        .dataSync() as Float32Array,
  );
