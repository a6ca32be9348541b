import { describe, expect, it } from 'vitest';
import {
  codesOf,
  nearest,
  nearestCodes,
  quantise,
  straightThrough,
} from '../../../methods/idiff-face/autoencoder/quantise.ts';
import { tf } from '../../../nn/tf.ts';
import { expectGradient } from '../../helpers/gradient-check.ts';

/** Three codes of two values, and four latents: two nearest to the first code, two to the last. */
const codebook = tf.tensor2d([0, 0, 4, 0, 1, 2], [3, 2]);
const latents = tf.tensor4d([0.5, -0.5, 1, 1.5, 0, 0.25, 1.5, 2.5], [1, 2, 2, 2]);
const chosen = [0, 2, 0, 2];

describe('the codebook', () => {
  it('gives each latent its nearest code', () => {
    const numbers = nearestCodes(latents.reshape([4, 2]) as tf.Tensor2D, codebook);
    expect([...numbers.dataSync()]).toEqual(chosen);
    expect([...nearest(latents, codebook).dataSync()]).toEqual([0, 0, 1, 2, 0, 0, 1, 2]);
  });

  it('finds the nearest code also where all codes are small', () => {
    const small = tf.tensor2d([1e-4, 0, -1e-4, 0, 0, 1e-4], [3, 2]);
    const far = tf.tensor2d([3, 0.5, -3, 0.5, 0.5, 3], [3, 2]);
    expect([...nearestCodes(far, small).dataSync()]).toEqual([0, 1, 2]);
  });

  it('adds up what each code gets', () => {
    const f = (codes: tf.Tensor): tf.Tensor => codesOf(codes as tf.Tensor2D, tf.tensor1d([2, 0, 2], 'int32')).square();
    expectGradient(f, codebook, { probes: 6 });
  });
});

describe('quantisation', () => {
  it('passes the gradient of the decoded latents straight through, and none to the codes', () => {
    const weights = tf.tensor4d([1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 2, 2]);
    const decoded = (z: tf.Tensor4D, e: tf.Tensor2D): tf.Scalar =>
      tf.sum(quantise(z, e, 0.25).latents.square().mul(weights)) as tf.Scalar;
    const dz = tf.grad((z) => decoded(z as tf.Tensor4D, codebook))(latents);
    // d Σ w q² / dq = 2 w q, at the codes, not at the latents.
    expect([...dz.dataSync()]).toEqual([0, 0, 6, 16, 0, 0, 14, 32]);
    expect(() => tf.grad((e) => decoded(latents, e as tf.Tensor2D))(codebook)).toThrow('Cannot compute gradient');
    expect([...straightThrough(latents, weights).dataSync()]).toEqual([...weights.dataSync()]);
  });

  it("draws latents to codes in full, and codes to latents by beta, as latent diffusion's code does", () => {
    const beta = 0.25;
    const [dz, de] = tf.grads((z, e) => quantise(z as tf.Tensor4D, e as tf.Tensor2D, beta).loss)([latents, codebook]);
    const z = [...latents.dataSync()];
    const e = [...codebook.dataSync()];
    const apart = z.map((value, i) => value - (e[2 * (chosen[i >> 1] as number) + (i & 1)] as number));
    const loss = quantise(latents, codebook, beta).loss.dataSync()[0];
    expect(loss).toBeCloseTo((1.25 * apart.reduce((sum, value) => sum + value * value, 0)) / 8, 6);
    [...(dz as tf.Tensor).dataSync()].forEach((value, i) => {
      expect(value).toBeCloseTo((2 * (apart[i] as number)) / 8, 6);
    });
    const wanted = new Float64Array(6);
    apart.forEach((value, i) => {
      const at = 2 * (chosen[i >> 1] as number) + (i & 1);
      wanted[at] = (wanted[at] as number) - (beta * 2 * value) / 8;
    });
    [...(de as tf.Tensor).dataSync()].forEach((value, i) => {
      expect(value).toBeCloseTo(wanted[i] as number, 6);
    });
  });

  it('measures how many codes are used', () => {
    expect(quantise(latents, codebook, 0.25).perplexity.dataSync()[0]).toBeCloseTo(2, 5);
    const one = tf.zeros([1, 2, 2, 2]) as tf.Tensor4D;
    expect(quantise(one, codebook, 0.25).perplexity.dataSync()[0]).toBeCloseTo(1, 5);
  });
});
