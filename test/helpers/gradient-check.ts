import { expect } from 'vitest';
import { tf } from '../../nn/tf.ts';

/**
 * Compares the gradient of `sum(f(x) · r)` for a fixed random r with central differences at a few entries of x.
 * Float32 differences are coarse, so the function is probed with a step of about 1e-2 and a relative tolerance.
 */
export const expectGradient = (
  f: (x: tf.Tensor) => tf.Tensor,
  x: tf.Tensor,
  options: { step?: number; tolerance?: number; probes?: number } = {},
): void => {
  const { step = 1e-2, tolerance = 2e-2, probes = 12 } = options;
  const weights = tf.randomNormal(f(x).shape, 0, 1, 'float32', 99);
  const scalar = (input: tf.Tensor): tf.Scalar => tf.sum(tf.mul(f(input), weights)) as tf.Scalar;
  const gradient = tf.grad(scalar)(x).dataSync();
  const values = Float32Array.from(x.dataSync());
  const scale = Math.max(...Array.from(gradient, Math.abs), 1e-3);
  for (let probe = 0; probe < probes; probe++) {
    const index = Math.floor((probe * values.length) / probes);
    const at = (delta: number): number => {
      const moved = Float32Array.from(values);
      moved[index] = (moved[index] as number) + delta;
      return tf.tidy(() => scalar(tf.tensor(moved, x.shape)).dataSync()[0] as number);
    };
    const numeric = (at(step) - at(-step)) / (2 * step);
    expect(Math.abs(numeric - (gradient[index] as number)) / scale, `entry ${index}`).toBeLessThan(tolerance);
  }
};
