import type { Outputs } from '../core/action.ts';
import type { ArtifactRef } from '../core/artifact.ts';
import { CemiflowError } from '../core/errors.ts';
import { permutation, randomStream } from '../core/random.ts';
import type { StageContext, StageKind } from '../core/stage.ts';
import { copyInto } from '../data/augment.ts';
import { type ImageSet, loadDataset } from '../data/dataset.ts';
import { compileStep, type Step } from '../nn/compile/index.ts';
import type { UNetConfig } from '../nn/diffusion/config.ts';
import { unetParameters } from '../nn/diffusion/layout.ts';
import { linearSchedule, similarityGrid } from '../nn/diffusion/schedule.ts';
import { type DiffusionTraining, diffusionState, diffusionStep } from '../nn/diffusion/train-step.ts';
import { unflatten } from '../nn/flat.ts';
import { withPrefix } from '../nn/gradients.ts';
import { seedTensor } from '../nn/kernels/random.ts';
import { adamWDefaults } from '../nn/optim/adamw.ts';
import { emaDecay } from '../nn/optim/ema.ts';
import { initialise } from '../nn/parameters.ts';
import { embed } from '../nn/recognizer/backbone.ts';
import { type Tensors, tf } from '../nn/tf.ts';
import { toSafetensors } from '../nn/weights.ts';
import { embedImages, type LoadedRecognizer, loadRecognizer, putMetrics, putWeights } from './recognizer.ts';

/** `schemas/stages/diffusion-train.schema.json` */
interface Params {
  readonly data: ArtifactRef;
  readonly recognizer: ArtifactRef;
  readonly network: Omit<UNetConfig, 'imageSize' | 'identitySize'>;
  readonly epochs: number;
  readonly batch: number;
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

const run = async (params: Params, context: StageContext): Promise<Outputs> => {
  const { store, seed } = context;
  const recognizer = await loadRecognizer(store, params.recognizer);
  try {
    const data = await loadDataset(store, params.data);
    const config = configOf(params, recognizer, data);
    const identity = await identityTable(data, recognizer, params, context);
    const source = new BatchSource(params, data, identity, recognizer.config.embedding, seed);
    const { weights, series } = await train(params, config, recognizer, source, context);
    return await save(params, config, weights, series, context);
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
  context: StageContext,
): Promise<Float32Array> => {
  const plain = await embedImages(recognizer, data, context, { phase: 'embed' });
  if (!flip) return plain;
  const mirrored = await embedImages(recognizer, data, context, { phase: 'embed mirrored', mirrored: true });
  const table = new Float32Array(plain.length * 2);
  table.set(plain);
  table.set(mirrored, plain.length);
  return table;
};

/** Batches as a function of the step alone: order, mirroring, t, m and noise follow from (seed, step). */
class BatchSource {
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

  at(step: number): Tensors {
    const { params, data, embedding, seed } = this;
    const { batch } = params;
    const size = data.height * data.width * 3;
    const epoch = Math.floor(step / this.stepsPerEpoch);
    if (epoch !== this.orderEpoch) {
      this.order = permutation(data.count, seed, 'diffusion order', epoch);
      this.orderEpoch = epoch;
    }
    const first = (step % this.stepsPerEpoch) * batch;
    const uniform = randomStream(seed, 'diffusion batch', step);
    const images = new Float32Array(batch * size);
    const identity = new Float32Array(batch * embedding);
    const m = new Float32Array(batch);
    const time = new Float32Array(batch);
    const alphaBar = new Float32Array(batch);
    for (let i = 0; i < batch; i++) {
      const index = this.order[first + i] as number;
      const mirrored = uniform() < 0.5 && params.flip;
      copyInto(images, i * size, data, index, mirrored);
      const row = (mirrored ? data.count : 0) + index;
      identity.set(this.identity.subarray(row * embedding, (row + 1) * embedding), i * embedding);
      m[i] = this.grid[Math.floor(uniform() * this.grid.length)] as number;
      const t = Math.floor(uniform() * params.timesteps);
      time[i] = t;
      alphaBar[i] = this.schedule[t] as number;
    }
    return {
      images: tf.tensor4d(images, [batch, data.height, data.width, 3]),
      identity: tf.tensor2d(identity, [batch, embedding]),
      m: tf.tensor1d(m),
      time: tf.tensor1d(time),
      alphaBar: tf.tensor1d(alphaBar),
      noiseSeed: seedTensor(seed, 'diffusion noise', step),
      rate: tf.scalar(learningRate(params, step, this.steps)),
      emaDecay: tf.scalar(emaDecay(step, params.emaMaximum)),
    };
  }
}

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

interface Series {
  [name: string]: { steps: number[]; values: number[] };
}

const train = async (
  params: Params,
  config: UNetConfig,
  recognizer: LoadedRecognizer,
  source: BatchSource,
  context: StageContext,
): Promise<{ weights: Tensors; series: Series }> => {
  const training: DiffusionTraining = {
    config,
    lambda: params.lambda,
    steps: params.timesteps,
    optimizer: { ...adamWDefaults, weightDecay: params.weightDecay },
    embed: (weights, images) => embed(weights, images, recognizer.config),
  };
  await context.progress({ phase: 'compile', step: 0, steps: source.steps });
  const first = initialise(unetParameters(config), context.seed);
  const initial = diffusionState(first, recognizer.weights, config);
  const example = source.at(0);
  let step: Step;
  try {
    step = compileStep(diffusionStep(training), initial, example);
  } finally {
    // The recognizer's weights are in the state as well, and belong to the caller.
    tf.dispose([example, first, initial.w, initial.ema, withPrefix(initial, 'adam')]);
  }
  try {
    const log = new MeanLog(Math.max(1, Math.ceil(source.steps / 100)));
    for (let i = 0; i < source.steps; i++) {
      const batch = source.at(i);
      const metrics = step.run(batch);
      tf.dispose(batch);
      if (!Number.isFinite(metrics.loss)) throw diverged(i, params.lr);
      log.add(i + 1, metrics);
      await context.progress({ phase: 'train', step: i + 1, steps: source.steps, metrics });
    }
    log.close(source.steps);
    const state = step.readState();
    const weights = unflatten(state.ema as tf.Tensor1D, unetParameters(config));
    tf.dispose(state);
    return { weights, series: log.series };
  } finally {
    step.dispose();
  }
};

/** Means of each metric over windows of steps. */
class MeanLog {
  readonly series: Series = {};
  private sums: Record<string, number> = {};
  private count = 0;

  constructor(private readonly window: number) {}

  add(step: number, metrics: Record<string, number>): void {
    for (const [name, value] of Object.entries(metrics)) this.sums[name] = (this.sums[name] ?? 0) + value;
    if (++this.count === this.window) this.close(step);
  }

  /** Ends the window under way, if it has begun. */
  close(step: number): void {
    if (this.count === 0) return;
    for (const [name, sum] of Object.entries(this.sums)) {
      this.series[name] ??= { steps: [], values: [] };
      const line = this.series[name];
      line.steps.push(step);
      line.values.push(sum / this.count);
    }
    this.sums = {};
    this.count = 0;
  }
}

const diverged = (step: number, lr: number): CemiflowError =>
  new CemiflowError('Diverged', `the loss is no longer a number at step ${step + 1}`, {
    remedy: `lower lr (now ${lr}) or give it a longer warm-up`,
    data: { step: step + 1, lr },
  });

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

export const stage: StageKind<Params> = { run };
