import type { tf } from '../tf.ts';
import { attribute, op } from './backend.ts';
import { differentiable } from './differentiable.ts';

/**
 * a · b by TensorFlow's own kernel for matrices. tfjs takes the one for batches of matrices, which was eight times slower
 * on a recognizer's last layer [32, 25088] · [25088, 512] and its gradients.
 *
 * @param a float32 [M, K] @param b float32 [K, N] @returns float32 [M, N]
 */
export const matMul = (a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor2D =>
  differentiable(
    { a, b },
    (save) => {
      save([a, b]);
      return product(a, b) as tf.Tensor2D;
    },
    (dy, saved) => {
      const [left, right] = saved as [tf.Tensor, tf.Tensor];
      return {
        a: () => product(dy, right, { b: true }),
        b: () => product(left, dy, { a: true }),
      };
    },
  );

/** @param transposed which operand is read as its transpose */
const product = (a: tf.Tensor, b: tf.Tensor, transposed: { a?: boolean; b?: boolean } = {}): tf.Tensor =>
  op(
    'MatMul',
    [
      attribute.bool('transpose_a', transposed.a ?? false),
      attribute.bool('transpose_b', transposed.b ?? false),
      attribute.float32('T'),
    ],
    [a, b],
  );
