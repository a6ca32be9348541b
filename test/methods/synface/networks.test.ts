import { describe, expect, it } from 'vitest';
import { identitySize } from '../../../methods/synface/people.ts';
import { downsampling, type VaeConfig } from '../../../methods/synface/vae/config.ts';
import { decode, encode } from '../../../methods/synface/vae/forward.ts';
import { vaeParameters } from '../../../methods/synface/vae/layers.ts';
import { vaeLoss } from '../../../methods/synface/vae/loss.ts';
import { compileFunction } from '../../../nn/compile/index.ts';
import { initialise } from '../../../nn/parameters.ts';
import { type Tensors, tf } from '../../../nn/tf.ts';
import { expectGradient } from '../../helpers/gradient-check.ts';
import { withoutZeros } from '../cemiface/tiny.ts';
import { tinyVae } from './tiny.ts';

const random = (shape: number[], seed: number): tf.Tensor => tf.randomNormal(shape, 0, 1, 'float32', seed);
const weightsOf = (config: VaeConfig): Tensors => initialise(withoutZeros(vaeParameters(config)), 1);
const weights = weightsOf(tinyVae);
const images = tf.randomUniform([2, 16, 16, 3], -1, 1, 'float32', 4) as tf.Tensor4D;
const identity = random([2, identitySize], 5) as tf.Tensor2D;
const latent = random([2, tinyVae.latent], 6) as tf.Tensor2D;

describe('the conditional VAE', () => {
  it.each([
    { patch: 1, multipliers: [1], blocks: 2 },
    { patch: 4, multipliers: [2, 1], blocks: 1 },
    { patch: 1, multipliers: [1, 3, 2], blocks: 1 },
  ])('gives images of the size that it takes: %o', (more) => {
    const config = { ...tinyVae, ...more };
    const own = weightsOf(config);
    const { mean, logVariance } = encode(own, images, identity, config);
    expect([mean.shape, logVariance.shape]).toEqual([
      [2, config.latent],
      [2, config.latent],
    ]);
    const shown = decode(own, mean, identity, config);
    expect(shown.shape).toEqual([2, 16, 16, 3]);
    expect(shown.dataSync().every(Number.isFinite)).toBe(true);
    expect(16 % downsampling(config)).toBe(0);
  });

  it('begins with the prior as posterior: all that it says of an image is the identity', () => {
    const first = initialise(vaeParameters(tinyVae), 1);
    const { kl } = vaeLoss(first, { images, identity }, latent, { config: tinyVae, deviation: 1, beta: 1 });
    expect(kl?.dataSync()[0]).toBe(0);
  });

  it('has the gradients of finite differences, by image, latent and identity', () => {
    const objective = { config: tinyVae, deviation: 1, beta: 1 };
    const lossOf = (more: Tensors, z: tf.Tensor = latent) =>
      vaeLoss(weights, { images, identity, ...more }, z as tf.Tensor2D, objective).loss;
    expectGradient((x) => lossOf({ images: x }), images, { tolerance: 0.04 });
    expectGradient((x) => lossOf({ identity: x }), identity, { tolerance: 0.04 });
    expectGradient((z) => decode(weights, z as tf.Tensor2D, identity, tinyVae), latent);
  });

  it('decodes a row alike whatever else is in the batch: shards of any size get the same pixels', () => {
    const fn = (w: Tensors, inputs: Tensors): Tensors => ({
      x: decode(w, inputs.latent as tf.Tensor2D, inputs.identity as tf.Tensor2D, tinyVae),
    });
    const compiled = compileFunction(fn, weights, { latent, identity });
    const before = tf.memory().numTensors;
    const rowsOf = (inputs: Tensors): Float32Array => {
      const { x } = compiled.run(inputs);
      const found = (x as tf.Tensor).dataSync() as Float32Array;
      tf.dispose([inputs, x as tf.Tensor]);
      return found.subarray(0, 16 * 16 * 3);
    };
    const both = rowsOf({ latent: latent.clone(), identity: identity.clone() });
    const alone = tf.tidy(() => ({
      latent: latent.mul([[1], [0]]),
      identity: identity.mul([[1], [0]]),
    }));
    expect(rowsOf(alone)).toEqual(both);
    expect(tf.memory().numTensors).toBe(before);
    compiled.dispose();
  });
});
