import { describe, expect, it } from 'vitest';
import { cemifaceLoss } from '../../methods/cemiface/loss.ts';
import { cemifaceDenoiser } from '../../methods/cemiface/network.ts';
import { linearSchedule } from '../../nn/diffusion/schedule.ts';
import type { Noising } from '../../nn/diffusion/train-step.ts';
import { valueAndGradients } from '../../nn/gradients.ts';
import { embed } from '../../nn/recognizer/backbone.ts';
import { embedView } from '../../nn/recognizer/view.ts';
import { type Tensors, tf } from '../../nn/tf.ts';
import { second, secondFrozen } from '../golden/second.ts';
import {
  expectGolden,
  fillMap,
  fillParameters,
  golden,
  identities,
  mapValues,
  storedValues,
  type Values,
} from '../golden/values.ts';

const read = (tensor: tf.Tensor | undefined): Float32Array => (tensor as tf.Tensor).dataSync() as Float32Array;
const time = tf.tensor1d([...second.time]);
const m = tf.tensor1d([...second.m]);

describe('CemiFace as its papers and their published code have it', () => {
  for (const [conditionProjection, identityScale] of [
    ['shared', 1],
    ['block', 2.5],
  ] as const) {
    it(`projection ${conditionProjection}, C_id times ${identityScale}: output, and gradients by images, condition and parameters`, () => {
      const config = { ...second.unet, conditionProjection, identityScale };
      const { parameters, predict } = cemifaceDenoiser(config);
      const probe = fillMap('noise/probe', [3, 3, 28, 28]);
      const output = (w: Tensors): tf.Tensor4D => predict(w, w.x as tf.Tensor4D, time, w);
      const weights = {
        ...fillParameters(parameters),
        x: fillMap('images', [3, 3, 28, 28]),
        identity: identities(),
        m,
      };
      const { gradients } = valueAndGradients((w) => tf.sum(tf.mul(output(w), probe)), weights);
      const made: Values = {
        y: mapValues(output(weights)),
        'gradient/x': mapValues(gradients.x as tf.Tensor),
        'gradient/identity': read(gradients.identity),
        'gradient/m': read(gradients.m),
        ...storedValues(gradients, parameters, 'gradient/'),
      };
      const wanted = golden('second-reading', conditionProjection);
      // Where blocks project for themselves, only what differs is stored.
      const compared =
        conditionProjection === 'shared'
          ? made
          : Object.fromEntries(Object.entries(made).filter(([name]) => /^y$|norm|qkv|encoder|condition/.test(name)));
      expectGolden(compared, wanted, 5e-5);
    });
  }

  it('the loss through E_id, which takes BGR: its parts, C_id, and gradients', () => {
    const denoiser = cemifaceDenoiser(second.unet);
    const { parameters } = denoiser;
    const frozen = secondFrozen();
    const images = fillMap('images', [3, 3, 28, 28]);
    const identity = embedView(frozen, images, second.recognizer, 'plain');
    const { alphaBar } = linearSchedule(second.timesteps);
    const noising: Noising = {
      clean: images,
      noise: fillMap('noise', [3, 3, 28, 28]),
      time,
      alphaBar: tf.tensor1d(second.time.map((t) => alphaBar[t] as number)),
    };
    const loss = cemifaceLoss({
      denoiser,
      embed: (w, x) => embed(w, x, second.recognizer),
      lambda: second.lambda,
      timesteps: second.timesteps,
      measure: 'cosine',
    });
    const weights = fillParameters(parameters);
    const parts = loss(weights, noising, { images, identity, m }, frozen);
    const { gradients } = valueAndGradients((w) => loss(w, noising, { images, identity, m }, frozen).loss, weights);
    const made = {
      loss: read(parts.loss),
      mse: read(parts.mse),
      sim_mat: read(parts.simMat),
      similarity: read(parts.similarity),
      identity: read(identity),
      ...storedValues(gradients, parameters, 'gradient/'),
    };
    const wanted = golden('second-reading', 'loss');
    expect(Object.keys(wanted).length).toBeGreaterThan(100);
    expectGolden(made, wanted, 2e-5);
  });
});
