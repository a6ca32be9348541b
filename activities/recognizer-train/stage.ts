import { putMetrics } from '../../artifacts/codecs/metrics.ts';
import { recognizerNetwork } from '../../artifacts/codecs/recognizer.ts';
import { writeWeights } from '../../artifacts/codecs/weights.ts';
import type { Outputs } from '../../core/action.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { CemiflowError, type JsonObject } from '../../core/errors.ts';
import type { StageKind } from '../../core/stage.ts';
import type { Augmentation } from '../../data/augment.ts';
import type { ImageSet } from '../../data/images.ts';
import { type AugmentRecipe, maker as augmented } from '../../data/loader/augmented.ts';
import { maker as copies } from '../../data/loader/copies.ts';
import { compileStep, type Step } from '../../nn/compile/index.ts';
import { withPrefix } from '../../nn/gradients.ts';
import { seedTensor } from '../../nn/kernels/random.ts';
import { rateAt, scaledRate } from '../../nn/optim/sgd.ts';
import { type Preset, type RecognizerConfig, recognizerConfig } from '../../nn/recognizer/config.ts';
import { recognizerParameters } from '../../nn/recognizer/layout.ts';
import type { Head } from '../../nn/recognizer/margin.ts';
import {
  headParameters,
  type RecognizerTraining,
  recognizerPrograms,
  recognizerState,
} from '../../nn/recognizer/train-step.ts';
import { type Tensors, tf } from '../../nn/tf.ts';
import { toSafetensors } from '../../nn/weights.ts';
import { type InputContext, loadSet, readBatches, withInput } from '../../training/input.ts';
import type { Series } from '../../training/log.ts';
import { runTraining, type Training } from '../../training/loop.ts';
import { type MicroBatch, microBatchesOf, rowsOf } from '../../training/micro-batches.ts';
import { StepPlanner } from '../../training/planner.ts';
import { bestOf } from '../../training/validation.ts';
import {
  loadValidation,
  requireValidation,
  type ValidationParams,
  type ValidationSets,
  validationOf,
} from './validation.ts';

/** `schemas/stages/recognizer-train.schema.json` */
interface Params extends Head, ValidationParams {
  readonly data: ArtifactRef;
  readonly network: { readonly preset: Preset } & Partial<Omit<RecognizerConfig, 'imageSize'>>;
  readonly epochs: number;
  readonly batch: number;
  readonly microBatch: number;
  readonly recompute: boolean;
  readonly lr: number;
  /** 0: `lr` as it is. */
  readonly lrBatch: number;
  readonly momentum: number;
  readonly weightDecay: number;
  readonly decayNorms: boolean;
  readonly milestones: readonly number[];
  readonly gamma: number;
  readonly warmup: number;
  readonly augment: Augmentation;
}

/** `recognizer/train`: a margin-softmax classifier, whose features before the head serve as embeddings. */
export const stage: StageKind<Params> = {
  run: async (params, context) => {
    requireValidation(params);
    const { validation } = params;
    return withInput(context, augmented, (input) =>
      validation
        ? withInput(context, copies, async (unaugmented) =>
            run(params, input, await loadValidation(unaugmented, validation)),
          )
        : run(params, input),
    );
  },
};

const run = async (
  params: Params,
  input: InputContext<AugmentRecipe>,
  validation?: ValidationSets,
): Promise<Outputs> => {
  const { store } = input;
  const data = await loadSet(input, params.data);
  const training = trainingOf(params, data);
  const loop = loopOf(params, training, data, input, validation);
  const { state, series } = await runTraining(input, loop);
  const tensors = { ...withPrefix(state, 'w'), ...withPrefix(state, 'stats') };
  const { config, head, classes } = training;
  const parameters = [...recognizerParameters(config), ...headParameters(config.embedding, classes)];
  const stored = toSafetensors(tensors, parameters);
  tf.dispose(state);
  return {
    weights: await writeWeights(store, stored, {
      network: recognizerNetwork(config),
      imageSize: config.imageSize,
      classes,
      head: { ...head },
      data: params.data.digest,
      ...chosenEpoch(params, series, loop.window),
    }),
    log: await putMetrics(store, { kind: 'training', series }),
  };
};

/** What the weights say of the epoch that they were chosen from; nothing for those of the last epoch. Counts from 1. */
const chosenEpoch = ({ validation, keep }: Params, series: Series, stepsPerEpoch: number): JsonObject => {
  const best = keep === 'best' && validation ? bestOf(series) : undefined;
  if (!best || !validation) return {};
  return { chosen: { epoch: best.step / stepsPerEpoch, accuracy: best.value, by: validation.digest } };
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
    decayNorms: params.decayNorms,
    microBatches: microBatchesOf(params.batch, params.microBatch).length,
    recompute: params.recompute,
  };
};

/** What one step needs besides its images. */
interface StepPlan {
  readonly recipe: AugmentRecipe;
  /** int32 [B] */
  readonly labels: Int32Array;
  readonly rate: number;
}

const loopOf = (
  params: Params,
  training: RecognizerTraining,
  data: ImageSet,
  input: InputContext<AugmentRecipe>,
  validation: ValidationSets | undefined,
): Training<AugmentRecipe, StepPlan> => {
  const { seed } = input;
  const { batch, epochs, augment, lr, lrBatch, milestones, gamma, warmup } = params;
  const scaled = scaledRate(lr, batch, lrBatch);
  const planner = new StepPlanner({ images: data.count, batch, epochs, seed, tag: 'epoch' });
  const { steps, stepsPerEpoch } = planner;
  const microBatches = microBatchesOf(batch, params.microBatch);
  const planOf = (step: number): StepPlan => {
    const { epoch, rows } = planner.at(step);
    return {
      recipe: { rows, augment, seed, epoch },
      labels: rows.map((row) => data.labels[row] as number),
      rate: rateAt({ rate: scaled, milestones, gamma, warmupSteps: warmup }, epoch, step),
    };
  };
  return {
    steps,
    microBatches,
    window: stepsPerEpoch,
    lr,
    batches: (from) => readBatches(input, data, planOf, { from, to: steps }),
    compile: (resumed) => compile(params, training, data, seed, microBatches[0] as MicroBatch, resumed),
    tensorsOf: (step, plan, images, microBatch) =>
      tensorsOf(plan, images, data, dropoutSeed(seed, step, microBatch), microBatch),
    logged: ({ rate }) => ({ rate }),
    wanted: (name) => name.startsWith('w.') || name.startsWith('stats.'),
    ...(validation && { validation: validationOf(params, planner, training.config, validation, input) }),
  };
};

/** The shapes of a batch are enough to compile: its values do not matter. @param resumed tensors that replace those of the first state */
const compile = (
  { batch, precision }: Params,
  training: RecognizerTraining,
  data: ImageSet,
  seed: number,
  microBatch: MicroBatch,
  resumed: Tensors,
): Step => {
  const images = new Float32Array(batch * data.height * data.width * 3);
  const blank = { labels: new Int32Array(batch), rate: 0 };
  const example = tensorsOf(blank, images, data, dropoutSeed(seed, 0, microBatch), microBatch);
  const first = recognizerState(training, seed);
  try {
    return compileStep(recognizerPrograms(training), { ...first, ...resumed }, example, { precision });
  } finally {
    tf.dispose([first, example]);
  }
};

/** @param images float32 [B, H, W, 3] of the whole batch @returns tensors of one micro-batch */
const tensorsOf = (
  { labels, rate }: Omit<StepPlan, 'recipe'>,
  images: Float32Array,
  { height, width }: ImageSet,
  dropoutSeed: tf.Tensor,
  microBatch: MicroBatch,
): Tensors => ({
  images: tf.tensor4d(rowsOf(images, labels.length, microBatch), [microBatch.count, height, width, 3]),
  labels: tf.tensor1d(rowsOf(labels, labels.length, microBatch), 'int32'),
  rate: tf.scalar(rate),
  dropoutSeed,
});

const dropoutSeed = (seed: number, step: number, { index }: MicroBatch): tf.Tensor =>
  index === 0 ? seedTensor(seed, 'dropout', step) : seedTensor(seed, 'dropout', step, index);
