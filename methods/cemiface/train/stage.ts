import { putMetrics } from '../../../artifacts/metrics.ts';
import type { Outputs } from '../../../core/action.ts';
import type { ArtifactRef } from '../../../core/artifact.ts';
import type { CheckpointArray } from '../../../core/checkpoint.ts';
import { CemiflowError } from '../../../core/errors.ts';
import { permutation, randomStream } from '../../../core/random.ts';
import type { StageContext, StageKind } from '../../../core/stage.ts';
import type { ImageSet } from '../../../data/images.ts';
import { type CopyRecipe, maker as copies } from '../../../data/loader/copies.ts';
import { compileStep, type Step } from '../../../nn/compile/index.ts';
import { linearSchedule, similarityGrid } from '../../../nn/diffusion/schedule.ts';
import { type DiffusionTraining, diffusionPrograms, diffusionState } from '../../../nn/diffusion/train-step.ts';
import { unflatten } from '../../../nn/flat.ts';
import { withPrefix } from '../../../nn/gradients.ts';
import { seedTensor } from '../../../nn/kernels/random.ts';
import { adamWDefaults } from '../../../nn/optim/adamw.ts';
import { emaDecay } from '../../../nn/optim/ema.ts';
import { initialise } from '../../../nn/parameters.ts';
import { embed } from '../../../nn/recognizer/backbone.ts';
import { type Tensors, tf } from '../../../nn/tf.ts';
import type { UNetConfig } from '../../../nn/unet/config.ts';
import { unetParameters } from '../../../nn/unet/layout.ts';
import { toSafetensors } from '../../../nn/weights.ts';
import { type InputContext, loadSet, readBatches, withInput } from '../../../training/input.ts';
import type { Series } from '../../../training/log.ts';
import { runTraining, type Training } from '../../../training/loop.ts';
import { type Part, partsOf } from '../../../training/micro-batches.ts';
import { Embedder, type LoadedRecognizer, loadRecognizer, putWeights } from '../../../training/recognizer.ts';

/** `schema.json` */
interface Params {
  readonly data: ArtifactRef;
  readonly recognizer: ArtifactRef;
  readonly network: Omit<UNetConfig, 'imageSize' | 'identitySize'>;
  readonly epochs: number;
  readonly batch: number;
  readonly microBatch: number;
  readonly recompute: boolean;
  readonly lr: number;
  readonly warmup: number;
  readonly decay: 'constant' | 'cosine';
  readonly weightDecay: number;
  readonly emaMaximum: number;
  readonly lambda: number;
  readonly timesteps: number;
  readonly similarity: { readonly lowest: number; readonly highest: number; readonly interval: number };
  readonly flip: boolean;
}

const run = async (params: Params, input: InputContext<CopyRecipe>): Promise<Outputs> => {
  const { store, seed } = input;
  const recognizer = await loadRecognizer(store, params.recognizer);
  try {
    const data = await loadSet(input, params.data);
    const config = configOf(params, recognizer, data);
    const identity = await identityTable(data, recognizer, params, input);
    const planner = new StepPlanner(params, data, identity, recognizer.config.embedding, seed);
    const { state, series } = await runTraining(input, trainingOf(params, config, recognizer, planner, data, input));
    const weights = unflatten(state.ema as tf.Tensor1D, unetParameters(config));
    tf.dispose(state);
    return await save(params, config, weights, series, input);
  } finally {
    tf.dispose(recognizer.weights);
  }
};

const configOf = (params: Params, recognizer: LoadedRecognizer, data: ImageSet): UNetConfig => {
  const { imageSize, embedding } = recognizer.config;
  if (data.height !== imageSize || data.width !== imageSize) {
    throw new CemiflowError(
      'SizeMismatch',
      `the recognizer takes ${imageSize} × ${imageSize} images, the dataset holds ${data.height} × ${data.width}`,
      { remedy: 'make the dataset in the size that the recognizer was trained on' },
    );
  }
  if (data.count < params.batch) {
    throw new CemiflowError('TooFewImages', `a batch needs ${params.batch} images, the dataset holds ${data.count}`, {
      remedy: 'lower batch, or give more images',
    });
  }
  return { ...params.network, imageSize, identitySize: embedding };
};

/** E_id of every image, and of every mirrored image after these: the recognizer is frozen, so once is enough. */
const identityTable = async (
  data: ImageSet,
  recognizer: LoadedRecognizer,
  { flip }: Params,
  input: InputContext<CopyRecipe>,
): Promise<Float32Array> => {
  const { embedding } = recognizer.config;
  const views = flip ? (['plain', 'mirrored'] as const) : (['plain'] as const);
  const table = new Float32Array(views.length * data.count * embedding);
  for (const [i, view] of views.entries()) {
    // For a large set this takes hours: another attempt need not do it again.
    const { rows } = await input.checkpoints.keep(`identity ${view}`, async () => {
      const into = new Float32Array(data.count * embedding);
      const embedder = new Embedder(recognizer, view);
      try {
        await embedder.embed(data, input, { phase: view === 'plain' ? 'embed' : 'embed mirrored', into });
      } finally {
        embedder.dispose();
      }
      return { rows: { dtype: 'float32', shape: [data.count, embedding], data: into } };
    });
    table.set((rows as CheckpointArray).data, i * data.count * embedding);
  }
  return table;
};

/** What one step needs besides its images. B: images of the batch, D: size of an embedding. */
interface StepPlan {
  readonly recipe: CopyRecipe;
  /** float32 [B, D] */
  readonly identity: Float32Array;
  /** float32 [B] */
  readonly m: Float32Array;
  /** float32 [B], t and its alphaBar */
  readonly time: Float32Array;
  readonly alphaBar: Float32Array;
  readonly rate: number;
  readonly emaDecay: number;
}

/** Steps as functions of (seed, step) alone: order, mirroring, t, m and noise follow from these. */
class StepPlanner {
  readonly stepsPerEpoch: number;
  readonly steps: number;
  private readonly schedule: Float64Array;
  private readonly grid: Float32Array;
  private order: Int32Array = new Int32Array();
  private orderEpoch = -1;

  constructor(
    private readonly params: Params,
    private readonly data: ImageSet,
    private readonly identity: Float32Array,
    private readonly embedding: number,
    private readonly seed: number,
  ) {
    this.stepsPerEpoch = Math.floor(data.count / params.batch);
    this.steps = this.stepsPerEpoch * params.epochs;
    this.schedule = linearSchedule(params.timesteps).alphaBar;
    const { interval, lowest, highest } = params.similarity;
    this.grid = similarityGrid(interval, lowest, highest);
  }

  at(step: number): StepPlan {
    const { params, data, embedding, seed } = this;
    const { batch } = params;
    const epoch = Math.floor(step / this.stepsPerEpoch);
    if (epoch !== this.orderEpoch) {
      this.order = permutation(data.count, seed, 'diffusion order', epoch);
      this.orderEpoch = epoch;
    }
    const first = (step % this.stepsPerEpoch) * batch;
    const rows = this.order.slice(first, first + batch);
    const uniform = randomStream(seed, 'diffusion batch', step);
    const mirrored = new Uint8Array(batch);
    const identity = new Float32Array(batch * embedding);
    const m = new Float32Array(batch);
    const time = new Float32Array(batch);
    const alphaBar = new Float32Array(batch);
    for (const [i, row] of rows.entries()) {
      mirrored[i] = uniform() < 0.5 && params.flip ? 1 : 0;
      const from = (mirrored[i] ? data.count : 0) + row;
      identity.set(this.identity.subarray(from * embedding, (from + 1) * embedding), i * embedding);
      m[i] = this.grid[Math.floor(uniform() * this.grid.length)] as number;
      const t = Math.floor(uniform() * params.timesteps);
      time[i] = t;
      alphaBar[i] = this.schedule[t] as number;
    }
    const rate = learningRate(params, step, this.steps);
    return {
      recipe: { rows, mirrored },
      identity,
      m,
      time,
      alphaBar,
      rate,
      emaDecay: emaDecay(step, params.emaMaximum),
    };
  }
}

/** @param images float32 [B, H, W, 3] of the whole batch @returns tensors of one part of it */
const tensorsOf = (
  plan: StepPlan,
  images: Float32Array,
  { height, width }: ImageSet,
  noiseSeed: tf.Tensor,
  { first, count }: Part,
): Tensors => {
  const rows = (values: Float32Array): Float32Array => {
    const size = values.length / plan.m.length;
    return values.subarray(first * size, (first + count) * size);
  };
  return {
    images: tf.tensor4d(rows(images), [count, height, width, 3]),
    identity: tf.tensor2d(rows(plan.identity), [count, plan.identity.length / plan.m.length]),
    m: tf.tensor1d(rows(plan.m)),
    time: tf.tensor1d(rows(plan.time)),
    alphaBar: tf.tensor1d(rows(plan.alphaBar)),
    noiseSeed,
    rate: tf.scalar(plan.rate),
    emaDecay: tf.scalar(plan.emaDecay),
    ...(count < plan.m.length ? { first: tf.scalar(first, 'int32') } : {}),
  };
};

/** Linear warm-up from 0, then constant, or a half cosine that would reach 0 one step after the last. */
export const learningRate = (
  { lr, warmup, decay }: Pick<Params, 'lr' | 'warmup' | 'decay'>,
  step: number,
  steps: number,
): number => {
  if (step < warmup) return (lr * (step + 1)) / warmup;
  if (decay === 'constant') return lr;
  return 0.5 * lr * (1 + Math.cos((Math.PI * (step - warmup)) / Math.max(1, steps - warmup)));
};

const trainingOf = (
  params: Params,
  config: UNetConfig,
  recognizer: LoadedRecognizer,
  planner: StepPlanner,
  data: ImageSet,
  input: InputContext<CopyRecipe>,
): Training<CopyRecipe, StepPlan> => {
  const { steps } = planner;
  const noiseSeed = (step: number): tf.Tensor => seedTensor(input.seed, 'diffusion noise', step);
  const parts = partsOf(params.batch, params.microBatch);
  return {
    steps,
    parts,
    window: Math.max(1, Math.ceil(steps / 100)),
    lr: params.lr,
    batches: (from) => readBatches(input, data, (step) => planner.at(step), { from, to: steps }),
    compile: (resumed) => {
      // The shapes of a batch are enough to compile: its values do not matter.
      const blank = new Float32Array(params.batch * data.height * data.width * 3);
      const example = tensorsOf(planner.at(0), blank, data, noiseSeed(0), parts[0] as Part);
      return compile(params, config, recognizer, example, input.seed, resumed);
    },
    tensorsOf: (step, plan, images, part) => tensorsOf(plan, images, data, noiseSeed(step), part),
    checkpointed: (name) => !name.startsWith('fr.') && name !== 'gradient',
    wanted: (name) => name === 'ema',
  };
};

/** @param example disposed @param resumed takes the place of first values */
const compile = (
  params: Params,
  config: UNetConfig,
  recognizer: LoadedRecognizer,
  example: Tensors,
  seed: number,
  resumed: Tensors,
): Step => {
  const training: DiffusionTraining = {
    config,
    lambda: params.lambda,
    steps: params.timesteps,
    optimizer: { ...adamWDefaults, weightDecay: params.weightDecay },
    embed: (weights, images) => embed(weights, images, recognizer.config),
    microBatches: partsOf(params.batch, params.microBatch).length,
    recompute: params.recompute,
  };
  const first = initialise(unetParameters(config), seed);
  const initial = diffusionState(first, recognizer.weights, training);
  try {
    return compileStep(diffusionPrograms(training), { ...initial, ...resumed }, example);
  } finally {
    // The recognizer's weights are in the state as well, and belong to the caller.
    tf.dispose([example, first, initial.w, initial.ema, initial.gradient ?? [], withPrefix(initial, 'adam')]);
  }
};

const save = async (
  params: Params,
  config: UNetConfig,
  weights: Tensors,
  series: Series,
  { store }: StageContext,
): Promise<Outputs> => {
  const stored = toSafetensors(weights, unetParameters(config));
  tf.dispose(weights);
  return {
    weights: await putWeights(store, stored, {
      network: { family: 'unet', ...config, multipliers: [...config.multipliers], attention: [...config.attention] },
      imageSize: config.imageSize,
      timesteps: params.timesteps,
      data: params.data.digest,
      recognizer: params.recognizer.digest,
    }),
    log: await putMetrics(store, { kind: 'training', series }),
  };
};

export const stage: StageKind<Params> = {
  run: (params, context) => withInput(context, copies, (input) => run(params, input)),
};
