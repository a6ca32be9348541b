import { describe, expect, it } from 'vitest';
import { batchNormTrain, frozenAffine, runningAverage } from '../../../nn/layers/batch-norm.ts';
import { conv2d, subsample } from '../../../nn/layers/conv.ts';
import { prelu } from '../../../nn/layers/prelu.ts';
import { tf } from '../../../nn/tf.ts';
import { normal, slopes, values } from '../recognizer/support.ts';

/** Cross-correlation with k // 2 zeros on every side, by its definition. */
const naiveConv = (x: tf.Tensor4D, w: tf.Tensor4D, stride: number): number[] => {
  const [batch, height, width, from] = x.shape;
  const [kernel, , , to] = w.shape;
  const pad = Math.floor(kernel / 2);
  const out: number[] = [];
  const xs = x.arraySync();
  const ws = w.arraySync();
  for (let b = 0; b < batch; b++)
    for (let i = 0; i < Math.ceil(height / stride); i++)
      for (let j = 0; j < Math.ceil(width / stride); j++)
        for (let o = 0; o < to; o++) {
          let sum = 0;
          for (let p = 0; p < kernel; p++)
            for (let q = 0; q < kernel; q++)
              for (let c = 0; c < from; c++)
                sum +=
                  (xs[b]?.[i * stride + p - pad]?.[j * stride + q - pad]?.[c] ?? 0) * (ws[p]?.[q]?.[c]?.[o] as number);
          out.push(sum);
        }
  return out;
};

const close = (found: ArrayLike<number>, wanted: ArrayLike<number>, tolerance: number): void => {
  expect(found.length).toBe(wanted.length);
  for (let i = 0; i < found.length; i++)
    expect(Math.abs((found[i] as number) - (wanted[i] as number))).toBeLessThan(tolerance);
};

describe('convolution', () => {
  for (const [size, kernel, stride] of [
    [5, 3, 1],
    [6, 3, 2],
    [5, 3, 2],
    [4, 3, 2],
    [2, 3, 2],
    [6, 1, 2],
  ] as const) {
    it(`pads as PyTorch and has the right gradients: ${size} px, kernel ${kernel}, stride ${stride}`, () => {
      const x = normal('x', [2, size, size, 3]) as tf.Tensor4D;
      const w = normal('w', [kernel, kernel, 3, 4]) as tf.Tensor4D;
      close(values(conv2d(x, w, stride)), naiveConv(x, w, stride), 1e-4);
      const mask = normal('mask', conv2d(x, w, stride).shape);
      const byInput = slopes(
        (v) => tf.sum(tf.mul(conv2d(v as tf.Tensor4D, w, stride), mask)),
        x,
        normal('dx', x.shape),
        0.1,
      );
      expect(byInput.analytic).toBeCloseTo(byInput.numeric, 2);
      const byWeight = slopes(
        (v) => tf.sum(tf.mul(conv2d(x, v as tf.Tensor4D, stride), mask)),
        w,
        normal('dw', w.shape),
        0.1,
      );
      expect(byWeight.analytic).toBeCloseTo(byWeight.numeric, 2);
    });
  }

  it('subsamples every second pixel, from the first on, and returns gradients to those alone', () => {
    const x = tf.range(0, 25).reshape([1, 5, 5, 1]) as tf.Tensor4D;
    expect(values(subsample(x, 2))).toEqual([0, 2, 4, 10, 12, 14, 20, 22, 24]);
    const gradient = values(tf.grad((v) => tf.sum(subsample(v as tf.Tensor4D, 2)))(x));
    expect(gradient).toEqual(
      Array.from({ length: 25 }, (_, i) => ((i % 5) % 2 === 0 && Math.floor(i / 5) % 2 === 0 ? 1 : 0)),
    );
  });
});

describe('batch normalisation', () => {
  const x = normal('bn', [4, 3, 3, 2], 2) as tf.Tensor4D;
  const gamma = tf.tensor1d([1.5, -0.5]);
  const beta = tf.tensor1d([0.25, 2]);

  it('normalises by the biased variance and reports the unbiased one', () => {
    const { y, mean, variance } = batchNormTrain(x, gamma, beta);
    for (const c of [0, 1]) {
      const channel = values(x).filter((_, i) => i % 2 === c);
      const mu = channel.reduce((a, b) => a + b) / 36;
      const squares = channel.reduce((sum, v) => sum + (v - mu) ** 2, 0);
      expect(values(mean)[c]).toBeCloseTo(mu, 5);
      expect(values(variance)[c]).toBeCloseTo(squares / 35, 4);
      const wanted = channel.map(
        (v) => ((v - mu) / Math.sqrt(squares / 36 + 1e-5)) * (values(gamma)[c] as number) + (values(beta)[c] as number),
      );
      close(
        values(y).filter((_, i) => i % 2 === c),
        wanted,
        1e-4,
      );
    }
  });

  it('has the gradients that finite differences give', () => {
    const mask = normal('bn mask', x.shape);
    const loss = (v: tf.Tensor, g: tf.Tensor, b: tf.Tensor): tf.Scalar =>
      tf.sum(tf.mul(tf.tanh(batchNormTrain(v as tf.Tensor4D, g, b).y), mask));
    const checks = [
      slopes((v) => loss(v, gamma, beta), x, normal('bn dx', x.shape), 1e-2),
      slopes((g) => loss(x, g, beta), gamma, normal('bn dg', [2]), 1e-2),
      slopes((b) => loss(x, gamma, b), beta, normal('bn db', [2]), 1e-2),
    ];
    for (const { analytic, numeric } of checks) expect(analytic).toBeCloseTo(numeric, 2);
  });

  it('folds fixed statistics into one scale and shift, and averages them as PyTorch does', () => {
    const { scale, shift } = frozenAffine({ gamma, beta, mean: tf.tensor1d([1, 2]), variance: tf.tensor1d([4, 0.25]) });
    close(values(scale), [1.5 / Math.sqrt(4 + 1e-5), -0.5 / Math.sqrt(0.25 + 1e-5)], 1e-6);
    close(values(shift), [0.25 - 1.5 / Math.sqrt(4 + 1e-5), 2 + (2 * 0.5) / Math.sqrt(0.25 + 1e-5)], 1e-5);
    close(values(runningAverage(tf.tensor1d([2]), tf.tensor1d([12]))), [3], 1e-6);
  });
});

describe('PReLU', () => {
  it('scales what is below zero, and has the gradients of that', () => {
    const x = tf.tensor2d([-2, 3, 1, -4], [2, 2]);
    const alpha = tf.tensor1d([0.5, 2]);
    expect(values(prelu(x, alpha))).toEqual([-1, 3, 1, -8]);
    const [dx, dalpha] = tf.grads((v, a) =>
      tf.sum(tf.mul(prelu(v as tf.Tensor, a as tf.Tensor), tf.tensor2d([1, 10, 100, 1000], [2, 2]))),
    )([x, alpha]);
    expect(values(dx as tf.Tensor)).toEqual([0.5, 10, 100, 2000]);
    expect(values(dalpha as tf.Tensor)).toEqual([-2, -4000]);
  });
});
