import { type Tensors, tf } from '../tf.ts';

/**
 * Gradients shortened to a length, where together they are longer: PyTorch's `clip_grad_norm_` with its 1e-6.
 *
 * @param limit above 0
 */
export const clipByNorm = (gradients: Tensors, limit: number): Tensors => {
  const squares = Object.values(gradients).map((gradient) => tf.sum(tf.square(gradient)));
  const length = tf.sqrt(squares.reduce((sum, each) => tf.add(sum, each)));
  const factor = tf.minimum(tf.div(limit, tf.add(length, 1e-6)), 1);
  return Object.fromEntries(Object.entries(gradients).map(([name, gradient]) => [name, tf.mul(gradient, factor)]));
};
