import { randomStream } from '../../core/random.ts';
import type { Programs } from '../compile/index.ts';
import { cleanSamples, qSample } from '../diffusion/prediction.ts';
import {
  type DiffusionLoss,
  type DiffusionTraining,
  diffusionPrograms,
  diffusionState,
} from '../diffusion/train-step.ts';
import { seedTensor } from '../kernels/random.ts';
import { unitRows } from '../layers/unit-rows.ts';
import { adamWDefaults } from '../optim/adamw.ts';
import { initialise, linearParameters } from '../parameters.ts';
import { embed } from '../recognizer/backbone.ts';
import { recognizerConfig } from '../recognizer/config.ts';
import { recognizerParameters } from '../recognizer/layout.ts';
import { type RecognizerTraining, recognizerPrograms, recognizerState } from '../recognizer/train-step.ts';
import { type Tensors, tf } from '../tf.ts';
import type { UNetConfig } from '../unet/config.ts';
import { linear } from '../unet/layers.ts';
import { unetParameters } from '../unet/layout.ts';
import { unet } from '../unet/unet.ts';

/** A real training step in a size that takes a moment. */
export interface TestNetwork {
  readonly name: 'UNet' | 'recognizer';
  readonly step: Programs;
  /** The caller disposes it. */
  initial(): Tensors;
  /** The i-th batch: a function of i alone. The caller disposes it. */
  batch(i: number): Tensors;
}

const imageSize = 16;
const classes = 16;
const embedding = 32;
const recognizer = recognizerConfig('small', {
  ...{ imageSize, embedding, stemWidth: 16, widths: [16, 32], depths: [1, 1], strides: [1, 2] },
});

const uniform = (shape: number[], tag: string, i: number): tf.Tensor => {
  const next = randomStream(1, `self-test ${tag}`, i);
  const values = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => 2 * next() - 1);
  return tf.tensor(values, shape);
};

const recognition: RecognizerTraining = {
  config: recognizer,
  head: { loss: 'adaface', m: 0.4, h: 0.333, s: 64, t_alpha: 0.01 },
  classes,
  momentum: 0.9,
  weightDecay: 5e-4,
};

const unetConfig: UNetConfig = {
  ...{ imageSize, patch: 1, base: 32, multipliers: [1, 2], blocks: 1, attention: [1], headChannels: 32, groups: 8 },
  ...{ conditionSize: 32, conditionProjection: 'shared', prediction: 'epsilon' },
};
const tokens = 4;
const parameters = unetParameters(
  unetConfig,
  linearParameters('condition', embedding, tokens * unetConfig.conditionSize),
);

/** How a step saves memory. */
export interface Thrift {
  readonly microBatches?: number;
  readonly recompute?: boolean;
}

/** The error of the predicted noise, and how far the recognizer sees another identity in the predicted image. */
const lossWith =
  ({ recompute }: Thrift): DiffusionLoss =>
  (weights, noising, batch, frozen) => {
    const { clean, noise, time, alphaBar } = noising;
    const noisy = qSample(clean, noise, alphaBar);
    const identity = batch.identity as tf.Tensor2D;
    const condition = linear(weights, 'condition', identity).reshape([-1, tokens, unetConfig.conditionSize]);
    const output = unet(weights, noisy, time, condition as tf.Tensor3D, unetConfig, { recompute });
    const predicted = cleanSamples(noisy, output, alphaBar, { prediction: 'epsilon', clip: true });
    const similarity = unitRows(embed(frozen, predicted, recognizer))
      .mul(identity)
      .sum(1);
    const mse = tf.mean(tf.square(output.sub(noise)));
    return { loss: mse.add(tf.mean(tf.sub(1, similarity)).mul(0.05)) };
  };

const diffusion = (thrift: Thrift): DiffusionTraining => ({
  parameters,
  loss: lossWith(thrift),
  optimizer: adamWDefaults,
  microBatches: thrift.microBatches,
});

/** A diffusion model: convolutions, norms, attention, AdamW, and the gradient through a frozen recognizer. */
export const testUnet = (thrift: Thrift = {}): TestNetwork => ({
  name: 'UNet',
  step: diffusionPrograms(diffusion(thrift)),
  initial: () =>
    tf.tidy(() => {
      const frozen = initialise(recognizerParameters(recognizer), 2);
      return diffusionState(initialise(parameters, 1), frozen, diffusion(thrift));
    }),
  batch: (i) =>
    tf.tidy(() => ({
      images: uniform([8, imageSize, imageSize, 3], 'images', i),
      identity: tf.div(uniform([8, embedding], 'identity', i), Math.sqrt(embedding / 3)),
      time: tf.range(100, 900, 100),
      alphaBar: tf.linspace(0.9, 0.1, 8),
      noiseSeed: seedTensor(1, 'self-test noise', i),
      rate: tf.scalar(1e-4),
      emaDecay: tf.scalar(0.99),
    })),
});

/** A recognizer: batch norm, PReLU, a margin head, SGD. */
export const testRecognizer = (thrift: Thrift = {}): TestNetwork => ({
  name: 'recognizer',
  step: recognizerPrograms({ ...recognition, ...thrift }),
  initial: () => recognizerState({ ...recognition, ...thrift }, 3),
  batch: (i) => ({
    images: uniform([32, imageSize, imageSize, 3], 'faces', i),
    labels: tf.tensor1d(
      Int32Array.from({ length: 32 }, (_, k) => (i + k) % classes),
      'int32',
    ),
    rate: tf.scalar(0.05),
    dropoutSeed: seedTensor(1, 'self-test dropout', i),
  }),
});

export const testNetworks: readonly TestNetwork[] = [testUnet(), testRecognizer()];
