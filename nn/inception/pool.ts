import { subsample } from '../layers/conv.ts';
import { tf } from '../tf.ts';

/**
 * Mean of 3 × 3 places; those outside the map do not count, as in TensorFlow, and in PyTorch with `count_include_pad=False`.
 *
 * @param x float32 [B, H, W, C] @returns float32 [B, H, W, C]
 */
export const averagePool = (x: tf.Tensor4D): tf.Tensor4D => tf.avgPool(x, 3, 1, 'same');

/**
 * Maximum of 3 × 3 places: at stride 1 also around places at the border, at stride 2 only where all nine are in the map. It is composed of ops that
 * `nn/compile` knows: its rules are part of every compiled kind's code, so that one for MaxPool would let finished trainings be done again.
 *
 * @param x float32 [B, H, W, C] @returns float32 [B, H, W, C], or [B, (H − 1) / 2, (W − 1) / 2, C] rounded down
 */
export const maxPool = (x: tf.Tensor4D, stride: 1 | 2): tf.Tensor4D => {
  if (stride === 2) return subsample(largestOfThree(largestOfThree(x, 1), 2), 2);
  const around: [number, number] = [1, 1];
  const padded = tf.pad4d(x, [[0, 0], around, around, [0, 0]], Number.NEGATIVE_INFINITY);
  return largestOfThree(largestOfThree(padded, 1), 2);
};

/** Of every three neighbours along an axis. */
const largestOfThree = (x: tf.Tensor4D, axis: 1 | 2): tf.Tensor4D => {
  const length = (x.shape[axis] as number) - 2;
  const from = (start: number): tf.Tensor4D =>
    tf.slice4d(
      x,
      x.shape.map((_, i) => (i === axis ? start : 0)) as [number, number, number, number],
      x.shape.map((size, i) => (i === axis ? length : size)) as [number, number, number, number],
    );
  return tf.maximum(tf.maximum(from(0), from(1)), from(2));
};
