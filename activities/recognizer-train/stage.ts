import { recognizerNetwork } from '../../artifacts/codecs/recognizer.ts';
import { writeWeights } from '../../artifacts/codecs/weights.ts';
import { putTrainingLog } from '../../artifacts/training-log.ts';
import type { Outputs } from '../../core/action.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { CemiflowError, type JsonObject } from '../../core/errors.ts';
import type { StageKind } from '../../core/stage.ts';
import type { Augmentation } from '../../data/augment/augment.ts';
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
import { type InputContext, readBatches, withInput } from '../../training/input.ts';
import type { Series } from '../../training/log.ts';
import { runTraining, type Training } from '../../training/loop.ts';
import { type MicroBatch, microBatchesOf, rowsOf } from '../../training/micro-batches.ts';
import { hasStalled, type Plateau, plateauFactor } from '../../training/plateau.ts';
import { bestOf, validations } from '../../training/validation.ts';
import {
  classesEach,
  loadSamples,
  type SampledBatch,
  SamplePlanner,
  type Samples,
  type SecondParams,
} from './samples.ts';
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
  readonly second: SecondParams | null;
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
  /** 0: none. */
  readonly clip: number;
  readonly plateau: Plateau | null;
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
  const samples = await loadSamples(input, params.data, params.second);
  const training = trainingOf(params, samples);
  const loop = loopOf(params, training, samples, input, validation);
  const { state, series } = await runTraining(input, loop);
  const tensors = { ...withPrefix(state, 'w'), ...withPrefix(state, 'stats') };
  const { config, head, classes } = training;
  const parameters = [...recognizerParameters(config), ...headParameters(config.embedding, classes)];
  const stored = toSafetensors(tensors, parameters);
  const network = recognizerNetwork(config);
  tf.dispose(state);
  return {
    weights: await writeWeights(store, stored, {
      network,
      imageSize: network.imageSize,
      classes,
      head: { ...head },
      data: params.data.digest,
      ...(params.second && { second: params.second.data.digest }),
      ...chosenEpoch(params, series, loop.window),
      // An audit asks what a training went by.
      ...(params.plateau && params.validation && { scheduled: { by: params.validation.digest } }),
    }),
    log: await putTrainingLog(store, { series }),
  };
};

/** What the weights say of the epoch that they were chosen from; nothing for those of the last epoch. Counts from 1. */
const chosenEpoch = ({ validation, keep }: Params, series: Series, stepsPerEpoch: number): JsonObject => {
  const best = keep === 'best' && validation ? bestOf(series) : undefined;
  if (!best || !validation) return {};
  return { chosen: { epoch: best.step / stepsPerEpoch, accuracy: best.value, by: validation.digest } };
};

const trainingOf = (params: Params, { all: data }: Samples): RecognizerTraining => {
  const { preset, ...overrides } = params.network;
  if (data.count < params.batch || data.classes < 2) {
    throw new CemiflowError(
      'TooFewImages',
      `a batch of ${params.batch} images of at least 2 identities is needed, the dataset holds ${data.count} of ${data.classes}`,
      { remedy: 'lower batch, or give more images', data: { images: data.count, identities: data.classes } },
    );
  }
  const { loss, m, h, s, t_alpha } = params;
  return {
    config: recognizerConfig(preset, {
      ...overrides,
      imageSize: data.height === data.width ? data.height : [data.height, data.width],
    }),
    head: { loss, m, h, s, t_alpha },
    classes: data.classes,
    momentum: params.momentum,
    weightDecay: params.weightDecay,
    decayNorms: params.decayNorms,
    microBatches: microBatchesOf(params.batch, params.microBatch).length,
    recompute: params.recompute,
    clip: params.clip,
  };
};

/** What one step needs besides its images. */
interface StepPlan extends SampledBatch {
  /** By the schedule; a plateau lowers it further. */
  readonly rate: number;
}

const loopOf = (
  params: Params,
  training: RecognizerTraining,
  samples: Samples,
  input: InputContext<AugmentRecipe>,
  validation: ValidationSets | undefined,
): Training<AugmentRecipe, StepPlan> => {
  const { seed } = input;
  const { batch, epochs, augment, lr, lrBatch, milestones, gamma, warmup, plateau } = params;
  const scaled = scaledRate(lr, batch, lrBatch);
  const planner = new SamplePlanner(samples, { augment, seed, batch, epochs });
  const { steps, stepsPerEpoch } = planner;
  const microBatches = microBatchesOf(batch, params.microBatch);
  const planOf = (step: number): StepPlan => {
    const sampled = planner.at(step);
    return { ...sampled, rate: rateAt({ rate: scaled, milestones, gamma, warmupSteps: warmup }, sampled.epoch, step) };
  };
  const rateOf = ({ rate }: Pick<StepPlan, 'rate'>, series: Series): number =>
    plateau ? rate * plateauFactor(validations(series), plateau) : rate;
  return {
    steps,
    microBatches,
    window: stepsPerEpoch,
    lr,
    batches: (from) => readBatches(input, samples.all, planOf, { from, to: steps }),
    compile: (resumed) => compile(params, training, samples, seed, microBatches[0] as MicroBatch, resumed),
    tensorsOf: (step, plan, images, microBatch, series) => {
      const given = { ...plan, rate: rateOf(plan, series) };
      return tensorsOf(given, images, samples, dropoutSeed(seed, step, microBatch), microBatch);
    },
    logged: (plan, series) => ({ rate: rateOf(plan, series) }),
    ...(plateau && { hasEnded: (series: Series) => hasStalled(validations(series), plateau) }),
    wanted: (name) => name.startsWith('w.') || name.startsWith('stats.'),
    ...(validation && { validation: validationOf(params, planner, training.config, validation, input) }),
  };
};

/** The shapes of a batch are enough to compile: its values do not matter. @param resumed tensors that replace those of the first state */
const compile = (
  { batch, precision }: Params,
  training: RecognizerTraining,
  samples: Samples,
  seed: number,
  microBatch: MicroBatch,
  resumed: Tensors,
): Step => {
  const images = new Float32Array(batch * samples.all.height * samples.all.width * 3);
  const columns = classesEach(samples);
  const soft = { targets: new Int32Array(batch * columns), shares: new Float32Array(batch * columns) };
  const blank = { labels: new Int32Array(batch), rate: 0, ...(columns > 1 && { soft }) };
  const example = tensorsOf(blank, images, samples, dropoutSeed(seed, 0, microBatch), microBatch);
  const first = recognizerState(training, seed);
  try {
    return compileStep(recognizerPrograms(training), { ...first, ...resumed }, example, { precision });
  } finally {
    tf.dispose([first, example]);
  }
};

/** @param images float32 [B, H, W, 3] of the whole batch @returns tensors of one micro-batch */
const tensorsOf = (
  { labels, rate, soft }: Pick<StepPlan, 'labels' | 'rate' | 'soft'>,
  images: Float32Array,
  { all: { height, width } }: Samples,
  dropoutSeed: tf.Tensor,
  microBatch: MicroBatch,
): Tensors => ({
  images: tf.tensor4d(rowsOf(images, labels.length, microBatch), [microBatch.count, height, width, 3]),
  labels: tf.tensor1d(rowsOf(labels, labels.length, microBatch), 'int32'),
  rate: tf.scalar(rate),
  dropoutSeed,
  ...(soft && {
    targets: tf.tensor2d(rowsOf(soft.targets, labels.length, microBatch), shapeOf(soft, labels, microBatch), 'int32'),
    shares: tf.tensor2d(rowsOf(soft.shares, labels.length, microBatch), shapeOf(soft, labels, microBatch)),
  }),
});

/** Images of a micro-batch, and the classes that each belongs to. */
const shapeOf = (
  { targets }: NonNullable<StepPlan['soft']>,
  { length }: Int32Array,
  { count }: MicroBatch,
): [number, number] => [count, targets.length / length];

const dropoutSeed = (seed: number, step: number, { index }: MicroBatch): tf.Tensor =>
  index === 0 ? seedTensor(seed, 'dropout', step) : seedTensor(seed, 'dropout', step, index);
