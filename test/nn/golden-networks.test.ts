import { describe, expect, it } from 'vitest';
import type { CemiFaceNetwork } from '../../methods/cemiface/config.ts';
import { cemifaceDenoiser } from '../../methods/cemiface/network.ts';
import { samplerStep } from '../../nn/diffusion/sampler.ts';
import type { Noising } from '../../nn/diffusion/train-step.ts';
import { valueAndGradients } from '../../nn/gradients.ts';
import { parameterCount } from '../../nn/parameters.ts';
import { embed, forwardTrain } from '../../nn/recognizer/backbone.ts';
import type { RecognizerConfig } from '../../nn/recognizer/config.ts';
import { recognizerParameters } from '../../nn/recognizer/layout.ts';
import { type Tensors, tf } from '../../nn/tf.ts';
import {
  cases,
  diffusionBatch,
  expectGolden,
  fillMap,
  fillParameters,
  fillTensor,
  frozenRecognizer,
  golden,
  goldenLoss,
  identities,
  mapValues,
  storedValues,
} from '../golden/values.ts';

const read = (tensor: tf.Tensor): Float32Array => tensor.dataSync() as Float32Array;

describe("recognizers beside PyTorch's", () => {
  const x = fillMap('images', [6, 3, 14, 14]);
  const probe = fillTensor('features/probe', [6, 6]);
  for (const variant of ['ir', 'ir_se', 'iresnet'] as const) {
    const config: RecognizerConfig = { ...cases.recognizer, variant };
    const parameters = recognizerParameters(config);
    const all = fillParameters(parameters);
    const pick = (trained: boolean): Tensors =>
      Object.fromEntries(
        parameters.filter((p) => p.trained === trained).map(({ name }) => [name, all[name] as tf.Tensor]),
      );

    it(`${variant} with running statistics: features, and their gradient by the images`, () => {
      const gradient = tf.grad((images) => tf.sum(tf.mul(embed(all, images as tf.Tensor4D, config), probe)))(x);
      const made = { features: read(embed(all, x, config)), 'gradient/x': mapValues(gradient) };
      expectGolden(made, golden('recognizers', `${variant}/inference`), 5e-6);
    });

    it(`${variant} as it trains: features, running statistics, gradients by images and parameters`, () => {
      const [weights, running] = [pick(true), pick(false)];
      const loss = (w: Tensors, images: tf.Tensor): tf.Scalar =>
        tf.sum(tf.mul(forwardTrain(w, running, images as tf.Tensor4D, config).features, probe));
      const forward = forwardTrain(weights, running, x, config);
      const { gradients } = valueAndGradients((w) => loss(w, x), weights);
      const statistics = parameters.filter(({ name }) => name.includes('running_'));
      const made = {
        features: read(forward.features),
        'gradient/x': mapValues(tf.grad((images) => loss(weights, images))(x)),
        ...storedValues(
          gradients,
          parameters.filter(({ trained }) => trained),
          'gradient/',
        ),
        ...storedValues(forward.running, statistics, 'running/'),
      };
      expectGolden(made, golden('recognizers', `${variant}/training`), 5e-5);
    });
  }
});

describe("the UNet beside PyTorch's", () => {
  for (const name of ['unet', 'patchUnet'] as const) {
    it(`${name}: output, and gradients by images, condition and parameters`, () => {
      const config: CemiFaceNetwork = cases[name];
      const { parameters, predict } = cemifaceDenoiser(config);
      const size = config.imageSize;
      const probe = fillMap('noise/probe', [3, 3, size, size]);
      const output = (w: Tensors): tf.Tensor4D => predict(w, w.x as tf.Tensor4D, tf.tensor1d(cases.time), w);
      const inputs = { x: fillMap('images', [3, 3, size, size]), identity: identities(), m: tf.tensor1d(cases.m) };
      const weights = { ...fillParameters(parameters), ...inputs };
      const { gradients } = valueAndGradients((w) => tf.sum(tf.mul(output(w), probe)), weights);
      const made = {
        y: mapValues(output(weights)),
        'gradient/x': mapValues(gradients.x as tf.Tensor),
        'gradient/identity': read(gradients.identity as tf.Tensor),
        'gradient/m': read(gradients.m as tf.Tensor),
        ...storedValues(gradients, parameters, 'gradient/'),
      };
      expectGolden(made, golden('unets', name), 5e-5);
    });
  }

  for (const prediction of ['epsilon', 'velocity'] as const) {
    const config: CemiFaceNetwork = { ...cases.unet, prediction };
    const denoiser = cemifaceDenoiser(config);
    const { parameters } = denoiser;

    it(`L_MSE and L_SimMat through the frozen recognizer, ${prediction}: values and gradients`, () => {
      const noise = fillMap('noise', [3, 3, 14, 14]);
      const { config: recognizer, weights: frozen } = frozenRecognizer();
      const lossOf = (w: Tensors) => {
        const batch = diffusionBatch();
        const noising = { clean: batch.images, noise, time: batch.time, alphaBar: batch.alphaBar } as Noising;
        return goldenLoss(config, recognizer)(w, noising, batch, frozen);
      };
      const weights = fillParameters(parameters);
      const { loss, mse, simMat, similarity } = lossOf(weights) as { [metric: string]: tf.Scalar };
      const { gradients } = valueAndGradients((w) => lossOf(w).loss, weights);
      const made = {
        loss: read(loss as tf.Scalar),
        mse: read(mse as tf.Scalar),
        sim_mat: read(simMat as tf.Scalar),
        similarity: read(similarity as tf.Scalar),
        ...storedValues(gradients, parameters, 'gradient/'),
      };
      expectGolden(made, golden('losses', prediction), 5e-5);
    });

    it(`DDIM, ${prediction}: one step, and four in a row`, () => {
      const weights = fillParameters(parameters);
      const conditions = { identity: identities(), m: tf.tensor1d(cases.m) };
      let x = fillMap('noise', [3, 3, 14, 14], 2);
      const made: Record<string, Float32Array> = {};
      cases.ddim.forEach((at: { time: number; alphaBar: number; nextAlphaBar: number }, i: number) => {
        const { time, alphaBar, nextAlphaBar } = at;
        const scalars = { time: tf.scalar(time), alphaBar: tf.scalar(alphaBar), nextAlphaBar: tf.scalar(nextAlphaBar) };
        x = samplerStep(weights, { x, ...conditions, ...scalars }, denoiser, {
          type: 'ddim',
          eta: 0,
          epsilon: 'clipped',
        });
        made[`${i + 1}`] = mapValues(x);
      });
      const { '1': first, '4': last } = made as Record<string, Float32Array>;
      expectGolden({ '1': first as Float32Array, '4': last as Float32Array }, golden('ddim', prediction), 1e-5);
    });
  }

  it('has as many parameters as PyTorch counts at the size of the paper', () => {
    const paper = { imageSize: 112, base: 128, multipliers: [1, 1, 2, 2, 4, 4], attention: [4] };
    const sizes = { headChannels: 64, groups: 32, identitySize: 512, conditionSize: 512, conditionTokens: 1 };
    const count = (conditionProjection: 'shared' | 'block'): number =>
      parameterCount(cemifaceDenoiser({ ...cases.unet, ...paper, ...sizes, conditionProjection }).parameters);
    expect(count('shared')).toBe(94_611_587);
    // Three more projections of 512 numbers to 1024.
    expect(count('block')).toBe(96_187_523);
  });
});
