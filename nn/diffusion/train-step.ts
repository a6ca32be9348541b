import type { Programs } from '../compile/index.ts';
import { flatten, unflatten } from '../flat.ts';
import { prefixed, valueAndGradients, withPrefix } from '../gradients.ts';
import { fused } from '../kernels/annotate.ts';
import { statelessNormal } from '../kernels/random.ts';
import { rowsFrom } from '../kernels/slice.ts';
import { gradientSums, type Pass, trainingPrograms } from '../micro-batches.ts';
import type { AdamWOptions } from '../optim/adamw.ts';
import { averagedState, averagedUpdate } from '../optim/averaged.ts';
import type { Parameter } from '../parameters.ts';
import { type Tensors, tf } from '../tf.ts';

/** The noise of a (micro-)batch: x_0, what is added to it, and how much. */
export interface Noising {
  /** x_0, float32 [B, H, W, C]. */
  readonly clean: tf.Tensor4D;
  /** ε, float32 [B, H, W, C], standard normal. */
  readonly noise: tf.Tensor4D;
  /** t, float32 [B], whole numbers 0 … T−1. */
  readonly time: tf.Tensor1D;
  /** ᾱ_t, float32 [B]. */
  readonly alphaBar: tf.Tensor1D;
}

/**
 * The loss of a diffusion method, a mean over the samples.
 *
 * @param batch the images and conditions of the samples, by name
 * @param frozen weights of networks that are not trained
 * @param statistics what the networks remember besides their weights, such as the running statistics of batch norms
 * @returns `loss`, and whatever else the log should show: scalars; and the statistics after this batch, under `stats.`
 */
export type DiffusionLoss = (
  weights: Tensors,
  noising: Noising,
  batch: Tensors,
  frozen: Tensors,
  statistics?: Tensors,
) => { readonly loss: tf.Scalar; readonly [metricOrStatistic: string]: tf.Tensor };

/** What a diffusion training step needs besides its state and batch. */
export interface DiffusionTraining {
  readonly parameters: readonly Parameter[];
  readonly loss: DiffusionLoss;
  readonly optimizer: AdamWOptions;
  /** x_0 of a batch, where it is not `images` as they are: latents by a frozen encoder. No gradient is taken of it. */
  readonly clean?: (batch: Tensors, frozen: Tensors) => tf.Tensor4D;
  /** Micro-batches of a batch, whose gradients are added up before the optimizer moves. Default 1. */
  readonly microBatches?: number;
}

/**
 * First state: weights `w` and their average `ema` as vectors, AdamW's state under `adam`, frozen networks under `fr`, statistics
 * under `stats`, and with micro-batches the sums of gradients so far.
 */
export const diffusionState = (
  weights: Tensors,
  frozen: Tensors,
  { parameters, microBatches }: Pick<DiffusionTraining, 'parameters' | 'microBatches'>,
  statistics: Tensors = {},
): Tensors => {
  const w = flatten(weights, parameters);
  return {
    ...averagedState(w),
    ...prefixed(frozen, 'fr'),
    ...prefixed(statistics, 'stats'),
    ...gradientSums({ w }, { microBatches }),
  };
};

/**
 * Diffusion training as pure functions. A batch holds `images` float32 [B, H, W, 3] in [-1, 1], whatever else the loss
 * reads, `time` and `alphaBar` float32 [B], `noiseSeed` int32 [2], and the scalars `rate` and `emaDecay`.
 *
 * With micro-batches, B is the size of one, `first` (int32 scalar) is the place of its first image in the batch, all but
 * the last go through `accumulate` and the last through `step`: the same numbers as the whole batch at once, up to rounding.
 */
export const diffusionPrograms = (training: DiffusionTraining): Programs => {
  const { microBatches, optimizer } = training;
  return trainingPrograms({
    microBatches,
    pass: (state, batch) => pass(training, state, batch),
    update: (state, batch, { w }) => averagedUpdate(state, batch, w as tf.Tensor, optimizer),
    sum: (body) => fused('optimizer', body),
  });
};

const pass = (training: DiffusionTraining, state: Tensors, batch: Tensors): Pass => {
  const { parameters, loss, clean = ({ images }) => images as tf.Tensor4D, microBatches = 1 } = training;
  const [frozen, statistics] = [withPrefix(state, 'fr'), withPrefix(state, 'stats')];
  const samples = clean(batch, frozen);
  const [size, ...shape] = samples.shape;
  // The noise of the whole batch, so that the size of the micro-batches changes no number.
  const noises = statelessNormal([size * microBatches, ...shape], batch.noiseSeed as tf.Tensor1D);
  const noising: Noising = {
    clean: samples,
    noise: (microBatches === 1 ? noises : rowsFrom(noises, batch.first as tf.Scalar, size)) as tf.Tensor4D,
    time: batch.time as tf.Tensor1D,
    alphaBar: batch.alphaBar as tf.Tensor1D,
  };
  const kept: Tensors = {};
  const { gradients } = valueAndGradients(
    (vector) => {
      const made = loss(unflatten(vector.w as tf.Tensor1D, parameters), noising, batch, frozen, statistics);
      for (const [name, value] of Object.entries(made)) kept[name] = tf.keep(value);
      return made.loss;
    },
    { w: state.w as tf.Tensor1D },
  );
  // `keep` carried these out of the gradient's scope; the clones belong to the caller's.
  const made = Object.entries(kept).map(([name, value]) => [name, value.clone()] as const);
  tf.dispose(kept);
  const isState = ([name]: readonly [string, tf.Tensor]): boolean => name.startsWith('stats.');
  return {
    gradients,
    state: Object.fromEntries(made.filter(isState)),
    metrics: Object.fromEntries(made.filter((each) => !isState(each))),
  };
};
