import { normalStream, randomStream } from '../../../core/random.ts';
import { type Tensors, tf } from '../../../nn/tf.ts';

/** Normal numbers as a function of a name. */
export const normal = (name: string, shape: number[], scale = 1): tf.Tensor => {
  const next = normalStream(randomStream(11, name));
  const values = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => next() * scale);
  return tf.tensor(values, shape, 'float32');
};

export const values = (tensor: tf.Tensor): number[] => [...tensor.dataSync()];

export const byName = (tensors: Tensors): Record<string, number[]> =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, values(tensor)]));

/**
 * The slope of f at x along a direction, by the gradient and by central differences: (f(x + εd) − f(x − εd)) / 2ε.
 */
export const slopes = (f: (x: tf.Tensor) => tf.Scalar, x: tf.Tensor, direction: tf.Tensor, eps = 3e-3) =>
  tf.tidy(() => {
    const read = (tensor: tf.Tensor): number => tensor.dataSync()[0] as number;
    const analytic = read(tf.sum(tf.mul(tf.grad(f as (x: tf.Tensor) => tf.Tensor)(x), direction)));
    const ahead = read(f(tf.add(x, tf.mul(direction, eps))));
    const behind = read(f(tf.sub(x, tf.mul(direction, eps))));
    return { analytic, numeric: (ahead - behind) / (2 * eps) } as never;
  }) as unknown as { analytic: number; numeric: number };
