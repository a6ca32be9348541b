import type { Outputs } from '../core/action.ts';
import type { ArtifactRef } from '../core/artifact.ts';
import { CemiflowError } from '../core/errors.ts';
import { permutation, randomStream } from '../core/random.ts';
import type { StageContext, StageKind } from '../core/stage.ts';
import { type Augmentation, augmentInto } from '../data/augment.ts';
import { type ImageSet, loadDataset } from '../data/dataset.ts';
import { compileStep, type Step } from '../nn/compile/index.ts';
import { withPrefix } from '../nn/gradients.ts';
import { seedTensor } from '../nn/kernels/random.ts';
import { rateAt } from '../nn/optim/sgd.ts';
import { type Preset, type RecognizerConfig, recognizerConfig } from '../nn/recognizer/config.ts';
import { recognizerParameters } from '../nn/recognizer/layout.ts';
import type { Head } from '../nn/recognizer/margin.ts';
import {
  headParameters,
  type RecognizerTraining,
  recognizerState,
  recognizerStep,
} from '../nn/recognizer/train-step.ts';
import { type Tensors, tf } from '../nn/tf.ts';
import { toSafetensors } from '../nn/weights.ts';
import { putMetrics, putWeights } from './recognizer.ts';

/** `schemas/stages/recognizer-train.schema.json` */
interface Params extends Head {
  readonly data: ArtifactRef;
  readonly network: { readonly preset: Preset } & Partial<Omit<RecognizerConfig, 'imageSize' | 'channels'>>;
  readonly epochs: number;
  readonly batch: number;
  readonly lr: number;
  readonly momentum: number;
  readonly weightDecay: number;
  readonly milestones: readonly number[];
  readonly gamma: number;
  readonly warmup: number;
  readonly augment: Augmentation;
}

/** `recognizer/train`: a margin-softmax classifier whose features are the embeddings. */
export const stage: StageKind<Params> = {
  async run(params, context): Promise<Outputs> {
    const data = await loadDataset(context.store, params.data);
    const training = trainingOf(params, data);
    const { state, series } = await train(params, training, data, context);
    const tensors = { ...withPrefix(state, 'w'), ...withPrefix(state, 'stats') };
    const { config, head, classes } = training;
    const parameters = [...recognizerParameters(config), ...headParameters(config.embedding, classes)];
    const stored = toSafetensors(tensors, parameters);
    tf.dispose(state);
    return {
      weights: await putWeights(context.store, stored, {
        network: {
          family: 'recognizer',
          ...structuredClone(config),
          widths: [...config.widths],
          depths: [...config.depths],
          strides: [...config.strides],
        },
        imageSize: config.imageSize,
        classes,
        head: { ...head },
        data: params.data.digest,
      }),
      log: await putMetrics(context.store, { kind: 'training', series }),
    };
  },
};

const trainingOf = (params: Params, data: ImageSet): RecognizerTraining => {
  const { preset, ...overrides } = params.network;
  if (data.height !== data.width) {
    throw new CemiflowError('SizeMismatch', `images must be square, got ${data.height} × ${data.width}`, {
      remedy: 'make the dataset with equal height and width',
    });
  }
  if (data.count < params.batch || data.classes < 2) {
    throw new CemiflowError(
      'TooFewImages',
      `a batch of ${params.batch} images of at least 2 identities is needed, the dataset holds ${data.count} of ${data.classes}`,
      { remedy: 'lower batch, or give more images', data: { images: data.count, identities: data.classes } },
    );
  }
  const { loss, m, h, s, t_alpha } = params;
  return {
    config: recognizerConfig(preset, { ...overrides, imageSize: data.height }),
    head: { loss, m, h, s, t_alpha },
    classes: data.classes,
    momentum: params.momentum,
    weightDecay: params.weightDecay,
  };
};

interface Series {
  [name: string]: { steps: number[]; values: number[] };
}

/** One entry an epoch for each metric; the last, incomplete batch of an epoch is left out. */
const train = async (
  params: Params,
  training: RecognizerTraining,
  data: ImageSet,
  { seed, progress }: StageContext,
): Promise<{ state: Tensors; series: Series }> => {
  const stepsPerEpoch = Math.floor(data.count / params.batch);
  const steps = stepsPerEpoch * params.epochs;
  const names = ['accuracy', 'loss', 'rate'] as const;
  const series: Series = Object.fromEntries(names.map((name) => [name, { steps: [], values: [] }]));
  await progress({ phase: 'compile', step: 0, steps });
  const first = recognizerState(training, seed);
  const example = batchAt(params, data, permutation(data.count, seed, 'epoch', 0), seed, 0, 0, stepsPerEpoch);
  let step: Step;
  try {
    step = compileStep(recognizerStep(training), first, example);
  } finally {
    tf.dispose([first, example]);
  }
  try {
    for (let epoch = 0; epoch < params.epochs; epoch++) {
      const order = permutation(data.count, seed, 'epoch', epoch);
      const sums = { accuracy: 0, loss: 0, rate: 0 };
      for (let i = 0; i < stepsPerEpoch; i++) {
        const batch = batchAt(params, data, order, seed, epoch, i, stepsPerEpoch);
        const rate = rateOf(params, epoch, epoch * stepsPerEpoch + i);
        const metrics = step.run(batch) as { loss: number; accuracy: number };
        tf.dispose(batch);
        if (!Number.isFinite(metrics.loss)) throw diverged(epoch * stepsPerEpoch + i + 1, params.lr);
        for (const name of names) sums[name] += { ...metrics, rate }[name];
        await progress({ phase: 'train', step: epoch * stepsPerEpoch + i + 1, steps, metrics });
      }
      for (const name of names) {
        series[name]?.steps.push((epoch + 1) * stepsPerEpoch);
        series[name]?.values.push(sums[name] / stepsPerEpoch);
      }
    }
    return { state: step.readState(), series };
  } finally {
    step.dispose();
  }
};

/** One batch as a function of (seed, epoch, position alone); each image's augmentation of (seed, epoch, its index). */
const batchAt = (
  params: Params,
  data: ImageSet,
  order: Int32Array,
  seed: number,
  epoch: number,
  position: number,
  stepsPerEpoch: number,
): Tensors => {
  const { batch } = params;
  const { height, width } = data;
  const size = height * width * 3;
  const images = new Float32Array(batch * size);
  const labels = new Int32Array(batch);
  for (let i = 0; i < batch; i++) {
    const index = order[position * batch + i] as number;
    augmentInto(images, i * size, data, index, params.augment, randomStream(seed, 'augment', epoch, index));
    labels[i] = data.labels[index] as number;
  }
  const step = epoch * stepsPerEpoch + position;
  return {
    images: tf.tensor4d(images, [batch, height, width, 3]),
    labels: tf.tensor1d(labels, 'int32'),
    rate: tf.scalar(rateOf(params, epoch, step)),
    dropoutSeed: seedTensor(seed, 'dropout', step),
  };
};

const rateOf = ({ lr, milestones, gamma, warmup }: Params, epoch: number, step: number): number =>
  rateAt({ rate: lr, milestones, gamma, warmupSteps: warmup }, epoch, step);

const diverged = (step: number, lr: number): CemiflowError =>
  new CemiflowError('Diverged', `the loss is no longer a number at step ${step}`, {
    remedy: `lower lr (now ${lr}) or give it a longer warm-up`,
    data: { step, lr },
  });
