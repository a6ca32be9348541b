import { describe, expect, it } from 'vitest';
import { initialise } from '../../../nn/parameters.ts';
import { adaFaceScaler, crossEntropy, type Head, marginLogits } from '../../../nn/recognizer/margin.ts';
import { headParameters } from '../../../nn/recognizer/train-step.ts';
import { type Tensors, tf } from '../../../nn/tf.ts';
import { normal, slopes, values } from './support.ts';

const head = (loss: Head['loss'], changed: Partial<Head> = {}): Head => ({
  loss,
  m: 0.4,
  h: 0.333,
  s: 64,
  t_alpha: 0.01,
  ...changed,
});
/** Kernel columns along the axes, of any length: the cosines are the features' own directions. */
const kernel = tf.tensor2d([3, 0, 0, 0.5], [2, 2]);
const features = tf.tensor2d([6, 8, 0.6, -0.8], [2, 2]);
const oneHot = tf.tensor2d([1, 0, 0, 1], [2, 2]);
const statistics = (): Tensors => ({ 'head.batch_mean': tf.tensor1d([20]), 'head.batch_std': tf.tensor1d([100]) });

const near = (found: number[], wanted: number[], digits = 3): void => {
  expect(found.length).toBe(wanted.length);
  found.forEach((value, i) => {
    expect(value).toBeCloseTo(wanted[i] as number, digits);
  });
};

describe('margin heads', () => {
  it('CosFace takes m off the own class: s (cos θ − m)', () => {
    const { logits } = marginLogits(features, kernel, [{ oneHot }], head('cosface'), {});
    near(values(logits), [64 * (0.6 - 0.4), 64 * 0.8, 64 * 0.6, 64 * (-0.8 - 0.4)]);
  });

  it('ArcFace adds m to the own angle: s cos(θ + m)', () => {
    const { logits } = marginLogits(features, kernel, [{ oneHot }], head('arcface', { m: 0.5 }), {});
    // acos 0.6 = 0.927295 and cos 1.427295 = 0.143011; acos −0.8 = 2.498092 and cos 2.998092 = −0.989721.
    near(values(logits), [64 * 0.143011, 64 * 0.8, 64 * 0.6, 64 * -0.989721], 2);
  });

  it('ArcFace beyond π − m: s (cos θ − m sin m), so that the slope stays that of the cosine', () => {
    const own = (cosine: number): number => {
      const feature = tf.tensor2d([cosine, Math.sqrt(1 - cosine ** 2)], [1, 2]);
      const target = tf.tensor2d([1, 0], [1, 2]);
      return values(
        marginLogits(feature, kernel, [{ oneHot: target }], head('arcface', { m: 0.5 }), {}).logits,
      )[0] as number;
    };
    // 0.5 sin 0.5 = 0.239713; cos(π − 0.5) = −0.877583.
    expect(own(-0.99)).toBeCloseTo(64 * (-0.99 - 0.239713), 3);
    expect(own(-0.88)).toBeCloseTo(64 * (-0.88 - 0.239713), 3);
    expect(own(-0.875)).toBeCloseTo(64 * Math.cos(Math.acos(-0.875) + 0.5), 3);
  });

  it('AdaFace moves the margin by the feature norm: s [cos(θ − m z) − m (1 + z)]', () => {
    const { logits, statistics: after } = marginLogits(features, kernel, [{ oneHot }], head('adaface'), statistics());
    // Norms 10 and 1: mean 5.5, sample deviation 4.5 √2 = 6.363961. Running: 0.01 · new + 0.99 · old.
    near(values(after['head.batch_mean'] as tf.Tensor), [0.055 + 19.8]);
    near(values(after['head.batch_std'] as tf.Tensor), [0.06363961 + 99]);
    const [z0, z1] = [10, 1].map((norm) => (0.333 * (norm - 19.855)) / (99.06363961 + 0.001)) as [number, number];
    near(values(logits), [
      64 * (Math.cos(Math.acos(0.6) - 0.4 * z0) - 0.4 * (1 + z0)),
      64 * 0.8,
      64 * 0.6,
      64 * (Math.cos(Math.acos(-0.8) - 0.4 * z1) - 0.4 * (1 + z1)),
    ]);
  });

  it('AdaFace clips norms to [0.001, 100] and z to [-1, 1]', () => {
    const narrow = { 'head.batch_mean': tf.tensor1d([50]), 'head.batch_std': tf.tensor1d([1e-3]) };
    const { z, updated } = adaFaceScaler(tf.tensor2d([1e6, 1e-9], [2, 1]), head('adaface', { t_alpha: 0 }), narrow);
    expect(values(z)).toEqual([1, -1]);
    near(values(updated['head.batch_mean'] as tf.Tensor), [50]);
    const moved = adaFaceScaler(tf.tensor2d([1e6, 1e-9], [2, 1]), head('adaface', { t_alpha: 1 }), narrow).updated;
    near(values(moved['head.batch_mean'] as tf.Tensor), [(100 + 0.001) / 2]);
  });

  it('AdaFace adds 0.001 to the deviation, and takes a norm below 0.001 as 0.001', () => {
    const narrow = { 'head.batch_mean': tf.tensor1d([0]), 'head.batch_std': tf.tensor1d([0.003]) };
    const { z } = adaFaceScaler(tf.tensor2d([1e-5, 0.002, 0.006], [3, 1]), head('adaface', { t_alpha: 0 }), narrow);
    near(values(z), [(0.333 * 0.001) / 0.004, (0.333 * 0.002) / 0.004, (0.333 * 0.006) / 0.004], 6);
  });

  it('cosines keep 0.001 from ±1 in AdaFace, 0.0001 in CosFace and ArcFace', () => {
    const along = tf.tensor2d([1, 0, 0, -1], [2, 2]);
    for (const [loss, eps] of [
      ['adaface', 1e-3],
      ['cosface', 1e-4],
      ['arcface', 1e-4],
    ] as const) {
      const { cosine } = marginLogits(along, kernel, [{ oneHot }], head(loss), statistics());
      near(values(cosine), [1 - eps, 0, 0, -1 + eps], 6);
    }
  });

  it('AdaFace keeps the turned angle 0.001 from 0 and π', () => {
    // The highest norm turns by −m, the lowest by +m: both would pass the end of the half circle.
    const along = tf.tensor2d([90, 0, 0, -0.1], [2, 2]);
    const narrow = { 'head.batch_mean': tf.tensor1d([40]), 'head.batch_std': tf.tensor1d([1]) };
    const { logits } = marginLogits(along, kernel, [{ oneHot }], head('adaface', { t_alpha: 0, s: 1e6 }), narrow);
    const [highest, , , lowest] = values(logits) as [number, number, number, number];
    expect(highest / 1e6 + 0.8).toBeCloseTo(Math.cos(1e-3), 7);
    expect(lowest / 1e6).toBeCloseTo(Math.cos(Math.PI - 1e-3), 7);
  });

  it('AdaFace starts its running statistics at 20 and 100', () => {
    const start = initialise(headParameters(4, 3), 1);
    expect(values(start['head.batch_mean'] as tf.Tensor)).toEqual([20]);
    expect(values(start['head.batch_std'] as tf.Tensor)).toEqual([100]);
  });

  for (const loss of ['cosface', 'arcface', 'adaface'] as const) {
    it(`${loss}: gradients of the loss by features and kernel agree with finite differences`, () => {
      const f = normal('features', [6, 5], 3) as tf.Tensor2D;
      const k = normal('kernel', [5, 4]) as tf.Tensor2D;
      const target = tf.oneHot(tf.tensor1d([0, 1, 2, 3, 0, 1], 'int32'), 4, 1, 0, 'float32') as tf.Tensor2D;
      // A small scale keeps the softmax away from saturation; AdaFace's z is held, since no gradient is taken of it.
      const options = head(loss, { s: 8, h: 0 });
      const lossOf = (a: tf.Tensor, b: tf.Tensor): tf.Scalar =>
        crossEntropy(
          marginLogits(a as tf.Tensor2D, b as tf.Tensor2D, [{ oneHot: target }], options, statistics()).logits,
          target,
        );
      const byFeatures = slopes((v) => lossOf(v, k), f, normal('df', [6, 5]), 1e-2);
      const byKernel = slopes((v) => lossOf(f, v), k, normal('dk', [5, 4]), 1e-2);
      expect(byFeatures.analytic).toBeCloseTo(byFeatures.numeric, 3);
      expect(byKernel.analytic).toBeCloseTo(byKernel.numeric, 3);
      expect(Math.abs(byKernel.numeric)).toBeGreaterThan(0.05);
    });
  }

  it('AdaFace takes no gradient through z: scaling a feature leaves its gradient orthogonal to it', () => {
    const f = normal('features', [6, 5], 30) as tf.Tensor2D;
    const k = normal('kernel', [5, 6]) as tf.Tensor2D;
    const target = tf.eye(6) as tf.Tensor2D;
    const tight = { 'head.batch_mean': tf.tensor1d([60]), 'head.batch_std': tf.tensor1d([20]) };
    const gradient = tf.grad((v) =>
      crossEntropy(
        marginLogits(v as tf.Tensor2D, k, [{ oneHot: target }], head('adaface', { s: 8 }), tight).logits,
        target,
      ),
    )(f);
    for (const along of values(tf.sum(tf.mul(gradient, f), 1))) expect(Math.abs(along)).toBeLessThan(1e-5);
  });

  it('cross-entropy is the mean of log Σ exp − own logit', () => {
    const logits = tf.tensor2d([1, 2, 3, -1, 0, 5], [2, 3]);
    const wanted =
      (Math.log(Math.exp(1) + Math.exp(2) + Math.exp(3)) - 2 + Math.log(Math.exp(-1) + 1 + Math.exp(5)) - 5) / 2;
    expect(values(crossEntropy(logits, tf.tensor2d([0, 1, 0, 0, 0, 1], [2, 3])))[0]).toBeCloseTo(wanted, 5);
  });
});
