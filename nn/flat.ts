import type { Parameter } from './parameters.ts';
import { type Tensors, tf } from './tf.ts';

/**
 * All parameters as one vector, in the order of `parameters`. Optimizers and averages then are a dozen operations on one
 * long vector instead of a dozen for each of hundreds of small tensors, whose scheduling alone took half of a step.
 *
 * @returns float32 [P]
 */
export const flatten = (tensors: Tensors, parameters: readonly Parameter[]): tf.Tensor1D =>
  tf.tidy(() => tf.concat1d(parameters.map(({ name }) => (tensors[name] as tf.Tensor).flatten())));

/** The parameters in a vector under their names, differentiable. @param flat float32 [P] */
export const unflatten = (flat: tf.Tensor1D, parameters: readonly Parameter[]): Tensors => {
  const sizes = parameters.map(({ shape }) => shape.reduce((a, b) => a * b, 1));
  const pieces = tf.split(flat, sizes);
  return Object.fromEntries(
    parameters.map(({ name, shape }, i) => [name, (pieces[i] as tf.Tensor).reshape([...shape])]),
  );
};
