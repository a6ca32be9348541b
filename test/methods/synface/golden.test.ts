import { expect, it } from 'vitest';
import type { VaeConfig } from '../../../methods/synface/vae/config.ts';
import { decode, encode } from '../../../methods/synface/vae/forward.ts';
import { vaeParameters } from '../../../methods/synface/vae/layers.ts';
import { vaeLoss } from '../../../methods/synface/vae/loss.ts';
import { vaeTraining } from '../../../methods/synface/vae/train-step.ts';
import { compileStep } from '../../../nn/compile/index.ts';
import { valueAndGradients } from '../../../nn/gradients.ts';
import { statelessNormal } from '../../../nn/kernels/random.ts';
import { flatPrograms, flatState } from '../../../nn/optim/flat-adam.ts';
import { parameterCount } from '../../../nn/parameters.ts';
import { type Tensors, tf } from '../../../nn/tf.ts';
import {
  cases,
  expectGolden,
  fillMap,
  fillParameters,
  fillTensor,
  golden,
  mapValues,
  storedValues,
  type Values,
} from '../../golden/values.ts';

/** Sizes and settings of `synface_reading.py`. */
interface Case {
  readonly batch: number;
  readonly noiseSeed: [number, number];
  readonly deviation: number;
  readonly beta: number;
  readonly network: VaeConfig;
}

const { batch: count, noiseSeed, deviation, beta, network: config }: Case = cases.synface;
const parameters = vaeParameters(config);
const weights = fillParameters(parameters);
const images = fillMap('images', [count, 3, config.imageSize, config.imageSize]);
const identity = fillTensor('identity', [count, config.identitySize]) as tf.Tensor2D;
const batch: Tensors = { images, identity, noiseSeed: tf.tensor1d(noiseSeed, 'int32'), rate: tf.scalar(0) };
const noise = statelessNormal([count, config.latent], batch.noiseSeed as tf.Tensor1D) as tf.Tensor2D;
const values = (tensors: Tensors): Values =>
  Object.fromEntries(Object.entries(tensors).map(([name, x]) => [name, x.dataSync() as Float32Array]));

it('the posterior of images, and the images of latents', () => {
  const { mean, logVariance } = encode(weights, images, identity, config);
  expectGolden(values({ mean, logVariance }), golden('synface', 'posterior'), 2e-6);
  const latent = fillTensor('latent', [count, config.latent]) as tf.Tensor2D;
  expectGolden({ x: mapValues(decode(weights, latent, identity, config)) }, golden('synface', 'decoded'), 5e-6);
});

it('the loss, and its gradient by every parameter', () => {
  const objective = { config, deviation, beta };
  expectGolden(values(vaeLoss(weights, batch, noise, objective)), golden('synface', 'losses'), 2e-6);
  const { gradients } = valueAndGradients((w) => vaeLoss(w, batch, noise, objective).loss, weights);
  const made = storedValues(gradients, parameters);
  expect(Object.values(made).reduce((sum, each) => sum + each.length, 0)).toBe(parameterCount(parameters));
  expectGolden(made, golden('synface', 'gradient'), 2e-5);
});

it('the loss of a compiled step, with the noise that its seed gives, and in micro-batches', () => {
  const training = { config, parameters, deviation, beta };
  const whole = compileStep(flatPrograms(vaeTraining(training)), flatState(weights, training), batch);
  const { loss, reconstruction, kl } = whole.run(batch) as Record<string, number>;
  const found = Object.entries({ loss, reconstruction, kl }).map(([name, value]) => [name, [value as number]]);
  expectGolden(Object.fromEntries(found), golden('synface', 'losses'), 2e-6);
  whole.dispose();
  const parts = { ...training, microBatches: count };
  const rowOf = (first: number): Tensors => ({
    ...{ noiseSeed: batch.noiseSeed as tf.Tensor, rate: tf.scalar(0), first: tf.scalar(first, 'int32') },
    images: images.slice([first], [1]),
    identity: identity.slice([first], [1]),
  });
  const step = compileStep(flatPrograms(vaeTraining(parts)), flatState(weights, parts), rowOf(0));
  const losses = Array.from(
    { length: count },
    (_, i) => step.run(rowOf(i), i < count - 1 ? 'accumulate' : 'step').loss,
  );
  step.dispose();
  const mean = losses.reduce<number>((sum, value) => sum + (value as number) / count, 0);
  expectGolden({ loss: [mean] }, { loss: golden('synface', 'losses').loss as ArrayLike<number> }, 2e-6);
});
