import { describe, expect, it } from 'vitest';
import { groupNorm } from '../../../nn/kernels/group-norm.ts';
import { seedTensor, statelessNormal } from '../../../nn/kernels/random.ts';
import { depthToSpace, downsample2, spaceToDepth, upsample2 } from '../../../nn/kernels/resample.ts';
import { silu } from '../../../nn/kernels/silu.ts';
import { tf } from '../../../nn/tf.ts';
import { expectGradient } from '../../helpers/gradient-check.ts';

const normal = (shape: number[], seed: number): tf.Tensor => tf.randomNormal(shape, 0, 1, 'float32', seed);

describe('groupNorm', () => {
  const gamma = normal([6], 2);
  const beta = normal([6], 3);
  const film = { scale: normal([2, 6], 4), shift: normal([2, 6], 5) };

  it('is the textbook formula, written out by loops', () => {
    const x = normal([2, 3, 3, 6], 1).mul(2).add(0.7) as tf.Tensor4D;
    const got = groupNorm(x, gamma, beta, 3, { film }).arraySync() as number[][][][];
    const values = x.arraySync() as number[][][][];
    const [g, b, s, t] = [gamma, beta, film.scale, film.shift].map((v) => v.arraySync()) as [
      number[],
      number[],
      number[][],
      number[][],
    ];
    for (let n = 0; n < 2; n++) {
      for (let group = 0; group < 3; group++) {
        const channels = [2 * group, 2 * group + 1];
        const all = channels.flatMap((c) => (values[n] as number[][][]).flat().map((pixel) => pixel[c] as number));
        const mean = all.reduce((a, v) => a + v, 0) / all.length;
        const variance = all.reduce((a, v) => a + (v - mean) ** 2, 0) / all.length;
        for (const c of channels) {
          const normalised = ((values[n]?.[1]?.[2]?.[c] as number) - mean) / Math.sqrt(variance + 1e-5);
          const affine = normalised * (g[c] as number) + (b[c] as number);
          const expected = affine * (1 + (s[n]?.[c] as number)) + (t[n]?.[c] as number);
          expect(got[n]?.[1]?.[2]?.[c]).toBeCloseTo(expected, 4);
        }
      }
    }
  });

  it('keeps its accuracy where the mean of a large map is 30 deviations from 0', () => {
    const size = 112;
    const x = normal([1, size, size, 4], 7).add(30) as tf.Tensor4D;
    const got = groupNorm(x, tf.ones([4]), tf.zeros([4]), 2).dataSync();
    const values = x.dataSync();
    for (const group of [0, 1]) {
      const own = Array.from(values.keys()).filter((i) => i % 4 < 2 === (group === 0));
      const mean = own.reduce((sum, i) => sum + (values[i] as number), 0) / own.length;
      const variance = own.reduce((sum, i) => sum + ((values[i] as number) - mean) ** 2, 0) / own.length;
      const errors = own.map((i) => ((values[i] as number) - mean) / Math.sqrt(variance + 1e-5) - (got[i] as number));
      const largest = errors.reduce((most, error) => Math.max(most, Math.abs(error)), 0);
      // Values reach 4 deviations: 2.5e-6 of the largest. With E[x²] − μ² it was 1.3e-3.
      expect(largest).toBeLessThan(1e-5);
    }
  });

  it('has the gradient that differences give', () => {
    expectGradient((x) => groupNorm(x as tf.Tensor4D, gamma, beta, 3, { film }), normal([2, 4, 4, 6], 6));
  });
});

describe('silu', () => {
  it('is x times the logistic function', () => {
    const got = silu(tf.tensor1d([-2, 0, 3])).dataSync();
    [-2, 0, 3].forEach((x, i) => {
      expect(got[i]).toBeCloseTo(x / (1 + Math.exp(-x)), 6);
    });
  });

  it('has the gradient that differences give', () => {
    expectGradient(silu, normal([3, 7], 1));
  });
});

describe('resampling', () => {
  it('repeats pixels upwards and takes means downwards', () => {
    const x = tf.tensor4d([1, 2, 3, 4], [1, 2, 2, 1]);
    expect([...upsample2(x).dataSync()]).toEqual([1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4]);
    expect([...downsample2(x).dataSync()]).toEqual([2.5]);
  });

  it('moves blocks into channels and back', () => {
    const x = normal([2, 4, 4, 3], 1) as tf.Tensor4D;
    const packed = spaceToDepth(x, 2);
    expect(packed.shape).toEqual([2, 2, 2, 12]);
    expect([...depthToSpace(packed, 2).dataSync()]).toEqual([...x.dataSync()]);
  });

  it('has the gradients that differences give', () => {
    expectGradient((x) => upsample2(x), normal([1, 3, 3, 2], 2));
    expectGradient((x) => downsample2(x as tf.Tensor4D), normal([1, 4, 4, 2], 3));
    expectGradient((x) => spaceToDepth(x as tf.Tensor4D, 2).square(), normal([1, 4, 4, 2], 4));
    expectGradient((x) => depthToSpace(x as tf.Tensor4D, 2).square(), normal([1, 2, 2, 8], 5));
  });
});

describe('statelessNormal', () => {
  it('is a function of its seed, and standard normal', () => {
    const draw = (tag: number): Float32Array =>
      statelessNormal([20_000], seedTensor(3, 'x', tag)).dataSync() as Float32Array;
    const a = draw(1);
    expect(draw(1)).toEqual(a);
    expect(draw(2)).not.toEqual(a);
    const mean = a.reduce((s, v) => s + v, 0) / a.length;
    const variance = a.reduce((s, v) => s + (v - mean) ** 2, 0) / a.length;
    // Five standard errors of 20,000 draws.
    expect(Math.abs(mean)).toBeLessThan(5 / Math.sqrt(a.length));
    expect(Math.abs(variance - 1)).toBeLessThan(5 * Math.sqrt(2 / a.length));
  });
});
