import { annotation } from './kernels/annotate.ts';
import { type Tensors, tf } from './tf.ts';

/**
 * Value and gradients of a scalar function with respect to named parameters. Where a loss scale is set, the way back begins with it
 * in place of 1, and the gradients are divided by it at the end.
 *
 * @param f gets the parameters under their names and returns a scalar, besides anything else it wants kept in `aside`
 */
export const valueAndGradients = (
  f: (parameters: Tensors) => tf.Scalar,
  parameters: Tensors,
): { value: tf.Scalar; gradients: Tensors } => {
  const names = Object.keys(parameters);
  const byName = (values: tf.Tensor[]): Tensors =>
    Object.fromEntries(names.map((name, i) => [name, values[i] as tf.Tensor]));
  const { lossScale } = annotation();
  const { value, grads } = tf.valueAndGrads((...values: tf.Tensor[]) => f(byName(values)))(
    Object.values(parameters),
    lossScale,
  );
  const gradients = lossScale ? grads.map((gradient) => gradient.div(lossScale)) : grads;
  return { value: value as tf.Scalar, gradients: byName(gradients) };
};

/** The entries of `state` under `prefix.`, with the prefix taken off. */
export const withPrefix = (state: Tensors, prefix: string): Tensors =>
  Object.fromEntries(
    Object.entries(state)
      .filter(([name]) => name.startsWith(`${prefix}.`))
      .map(([name, tensor]) => [name.slice(prefix.length + 1), tensor]),
  );

/** The same tensors under `prefix.`. */
export const prefixed = (tensors: Tensors, prefix: string): Tensors =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [`${prefix}.${name}`, tensor]));
