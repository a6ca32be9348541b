import { putMetrics } from '../../artifacts/metrics.ts';
import type { Outputs } from '../../core/action.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { CemiflowError } from '../../core/errors.ts';
import { permutation } from '../../core/random.ts';
import type { StageKind } from '../../core/stage.ts';
import type { Augmentation } from '../../data/augment.ts';
import type { ImageSet } from '../../data/images.ts';
import { type AugmentRecipe, maker as augmented } from '../../data/loader/augmented.ts';
import { compileStep, type Step } from '../../nn/compile/index.ts';
import { withPrefix } from '../../nn/gradients.ts';
import { seedTensor } from '../../nn/kernels/random.ts';
import { rateAt } from '../../nn/optim/sgd.ts';
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
import { runTraining, type Training } from '../../training/loop.ts';
import { type Part, partsOf } from '../../training/micro-batches.ts';
import { putWeights } from '../../training/recognizer.ts';

/** `schemas/stages/recognizer-train.schema.json` */
interface Params extends Head {
  readonly data: ArtifactRef;
  readonly network: { readonly preset: Preset } & Partial<Omit<RecognizerConfig, 'imageSize' | 'channels'>>;
  readonly epochs: number;
  readonly batch: number;
  readonly microBatch: number;
  readonly recompute: boolean;
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
  run: (params, context) => withInput(context, augmented, (input) => run(params, input)),
};

const run = async (params: Params, input: InputContext<AugmentRecipe>): Promise<Outputs> => {
  const { store } = input;
  const data = await loadSet(input, params.data);
  const training = trainingOf(params, data);
  const { state, series } = await runTraining(input, loopOf(params, training, data, input));
  const tensors = { ...withPrefix(state, 'w'), ...withPrefix(state, 'stats') };
  const { config, head, classes } = training;
  const parameters = [...recognizerParameters(config), ...headParameters(config.embedding, classes)];
  const stored = toSafetensors(tensors, parameters);
  tf.dispose(state);
  return {
    weights: await putWeights(store, stored, {
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
    log: await putMetrics(store, { kind: 'training', series }),
  };
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
    microBatches: partsOf(params.batch, params.microBatch).length,
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

/** Steps as functions of (seed, step) alone; the last, incomplete batch of an epoch is left out. */
class StepPlanner {
  readonly stepsPerEpoch: number;
  readonly steps: number;
  readonly #params: Params;
  readonly #data: ImageSet;
  readonly #seed: number;
  #order: { readonly epoch: number; readonly rows: Int32Array } = { epoch: -1, rows: new Int32Array() };

  constructor(params: Params, data: ImageSet, seed: number) {
    this.#params = params;
    this.#data = data;
    this.#seed = seed;
    this.stepsPerEpoch = Math.floor(data.count / params.batch);
    this.steps = this.stepsPerEpoch * params.epochs;
  }

  at(step: number): StepPlan {
    const { batch, augment, lr, milestones, gamma, warmup } = this.#params;
    const epoch = Math.floor(step / this.stepsPerEpoch);
    if (epoch !== this.#order.epoch) {
      this.#order = { epoch, rows: permutation(this.#data.count, this.#seed, 'epoch', epoch) };
    }
    const first = (step % this.stepsPerEpoch) * batch;
    const rows = this.#order.rows.slice(first, first + batch);
    return {
      recipe: { rows, augment, seed: this.#seed, epoch },
      labels: rows.map((row) => this.#data.labels[row] as number),
      rate: rateAt({ rate: lr, milestones, gamma, warmupSteps: warmup }, epoch, step),
    };
  }
}

const loopOf = (
  params: Params,
  training: RecognizerTraining,
  data: ImageSet,
  input: InputContext<AugmentRecipe>,
): Training<AugmentRecipe, StepPlan> => {
  const { seed } = input;
  const planner = new StepPlanner(params, data, seed);
  const { steps, stepsPerEpoch } = planner;
  const parts = partsOf(params.batch, params.microBatch);
  return {
    steps,
    parts,
    window: stepsPerEpoch,
    lr: params.lr,
    batches: (from) => readBatches(input, data, (step) => planner.at(step), { from, to: steps }),
    compile: (resumed) => compile(params, training, data, seed, parts[0] as Part, resumed),
    tensorsOf: (step, plan, images, part) => tensorsOf(plan, images, data, dropoutSeed(seed, step, part), part),
    logged: ({ rate }) => ({ rate }),
    checkpointed: (name) => !name.startsWith('gradient.'),
    wanted: (name) => name.startsWith('w.') || name.startsWith('stats.'),
  };
};

/** The shapes of a batch are enough to compile: its values do not matter. @param resumed takes the place of first values */
const compile = (
  { batch }: Params,
  training: RecognizerTraining,
  data: ImageSet,
  seed: number,
  part: Part,
  resumed: Tensors,
): Step => {
  const images = new Float32Array(batch * data.height * data.width * 3);
  const blank = { labels: new Int32Array(batch), rate: 0 };
  const example = tensorsOf(blank, images, data, dropoutSeed(seed, 0, part), part);
  const first = recognizerState(training, seed);
  try {
    return compileStep(recognizerPrograms(training), { ...first, ...resumed }, example);
  } finally {
    tf.dispose([first, example]);
  }
};

/** @param images float32 [B, H, W, 3] of the whole batch @returns tensors of one part of it */
const tensorsOf = (
  { labels, rate }: Omit<StepPlan, 'recipe'>,
  images: Float32Array,
  { height, width }: ImageSet,
  dropoutSeed: tf.Tensor,
  { first, count }: Part,
): Tensors => {
  const size = height * width * 3;
  return {
    images: tf.tensor4d(images.subarray(first * size, (first + count) * size), [count, height, width, 3]),
    labels: tf.tensor1d(labels.subarray(first, first + count), 'int32'),
    rate: tf.scalar(rate),
    dropoutSeed,
  };
};

const dropoutSeed = (seed: number, step: number, { index }: Part): tf.Tensor =>
  index === 0 ? seedTensor(seed, 'dropout', step) : seedTensor(seed, 'dropout', step, index);
