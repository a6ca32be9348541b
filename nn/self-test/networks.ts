import { randomStream } from '../../core/random.ts';
import type { Programs } from '../compile/index.ts';
import { type DiffusionTraining, diffusionPrograms, diffusionState } from '../diffusion/train-step.ts';
import { seedTensor } from '../kernels/random.ts';
import { adamWDefaults } from '../optim/adamw.ts';
import { initialise } from '../parameters.ts';
import { embed } from '../recognizer/backbone.ts';
import { recognizerConfig } from '../recognizer/config.ts';
import { recognizerParameters } from '../recognizer/layout.ts';
import { type RecognizerTraining, recognizerPrograms, recognizerState } from '../recognizer/train-step.ts';
import { type Tensors, tf } from '../tf.ts';
import type { UNetConfig } from '../unet/config.ts';
import { unetParameters } from '../unet/layout.ts';

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

const unet: UNetConfig = {
  ...{ imageSize, patch: 1, base: 32, multipliers: [1, 2], blocks: 1, attention: [1], headChannels: 32, groups: 8 },
  ...{ identitySize: embedding, conditionSize: 32, conditionTokens: 4, prediction: 'epsilon' },
};

const diffusion: DiffusionTraining = {
  config: unet,
  lambda: 0.05,
  steps: 1000,
  optimizer: adamWDefaults,
  embed: (weights, images) => embed(weights, images, recognizer),
};

/** How a step saves memory. */
export type Thrift = Pick<DiffusionTraining, 'microBatches' | 'recompute'>;

/** CemiFace's generator: convolutions, norms, attention, AdamW, and the gradient through a recognizer. */
export const testUnet = (thrift: Thrift = {}): TestNetwork => ({
  name: 'UNet',
  step: diffusionPrograms({ ...diffusion, ...thrift }),
  initial: () =>
    tf.tidy(() => {
      const frozen = initialise(recognizerParameters(recognizer), 2);
      return diffusionState(initialise(unetParameters(unet), 1), frozen, { ...diffusion, ...thrift });
    }),
  batch: (i) =>
    tf.tidy(() => ({
      images: uniform([8, imageSize, imageSize, 3], 'images', i),
      identity: tf.div(uniform([8, embedding], 'identity', i), Math.sqrt(embedding / 3)),
      m: uniform([8], 'm', i),
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
