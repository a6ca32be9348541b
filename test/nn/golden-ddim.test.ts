import { describe, it } from 'vitest';
import type { Denoiser } from '../../nn/diffusion/denoiser.ts';
import type { Prediction } from '../../nn/diffusion/prediction.ts';
import { compileSampler } from '../../nn/diffusion/sampler.ts';
import { linearSchedule } from '../../nn/diffusion/schedule.ts';
import { type EpsilonKind, samplingSteps } from '../../nn/diffusion/steps.ts';
import { tf } from '../../nn/tf.ts';
import { expectGolden, fillTensor, golden, type Values } from '../golden/values.ts';

/** The network of `ddim_second.py`. */
const denoiserOf = (prediction: Prediction): Denoiser => ({
  ...{ parameters: [], shape: [4, 3, 3], conditions: {}, prediction, clip: true },
  predict: (_weights, x, time) => {
    const early = time.div(1000).reshape([-1, 1, 1, 1]);
    const mixed = tf.dot(x.reshape([-1, 3]), fillTensor('mix', [3, 3])).reshape(x.shape);
    const bent = mixed
      .add(fillTensor('shift', [3]))
      .add(early)
      .tanh();
    if (prediction === 'velocity') return bent.mul(0.7) as tf.Tensor4D;
    const left = tf.sub(1, early);
    return tf.sub(1, left.pow(3)).mul(x).add(left.square().mul(0.4).mul(bent)) as tf.Tensor4D;
  },
});

const sampled = (prediction: Prediction, epsilon: EpsilonKind, eta: number): Values => {
  const step = compileSampler({}, denoiserOf(prediction), { type: 'ddim', eta, epsilon }, 2);
  let x = fillTensor('x_T', [2, 4, 3, 3], 1.7);
  const made: Record<string, ArrayLike<number>> = {};
  for (const [i, { time, alphaBar, nextAlphaBar }] of samplingSteps(linearSchedule(1000), 5).entries()) {
    const seeds = [7, i + 1, 8, i + 1];
    x = step.run({
      ...{ x, time: tf.scalar(time), alphaBar: tf.scalar(alphaBar), nextAlphaBar: tf.scalar(nextAlphaBar) },
      ...(eta > 0 ? { noiseSeeds: tf.tensor2d(seeds, [2, 2], 'int32') } : {}),
    }).x as tf.Tensor;
    if (i % 2 === 0) made[`${i + 1}`] = x.dataSync();
  }
  step.dispose();
  return made;
};

describe.each(['epsilon', 'velocity'] as const)(
  'DDIM of a network that predicts %s, as PyTorch has it',
  (prediction) => {
    it.each((['network', 'clipped'] as const).flatMap((epsilon) => [0, 0.5, 1].map((eta) => ({ epsilon, eta }))))(
      'epsilon: $epsilon, eta: $eta: five steps',
      ({ epsilon, eta }) => {
        expectGolden(sampled(prediction, epsilon, eta), golden('ddim-second', `${prediction}/${epsilon}/${eta}`), 1e-5);
      },
    );
  },
);
