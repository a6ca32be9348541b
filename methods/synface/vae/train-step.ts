import type { Programs } from '../../../nn/compile/index.ts';
import { flatten, unflatten } from '../../../nn/flat.ts';
import { prefixed, valueAndGradients, withPrefix } from '../../../nn/gradients.ts';
import { fused } from '../../../nn/kernels/annotate.ts';
import { statelessNormal } from '../../../nn/kernels/random.ts';
import { rowsFrom } from '../../../nn/kernels/slice.ts';
import { gradientSums, type Pass, trainingPrograms } from '../../../nn/micro-batches.ts';
import { adamW, adamWDefaults, adamWState } from '../../../nn/optim/adamw.ts';
import type { Parameter } from '../../../nn/parameters.ts';
import { type Tensors, tf } from '../../../nn/tf.ts';
import { type VaeObjective, vaeLoss } from './loss.ts';

/** What a training step needs besides its state and batch. */
export interface VaeTraining extends VaeObjective {
  readonly parameters: readonly Parameter[];
  /** Micro-batches of a batch, whose gradients are added up before the optimizer moves. Default 1. */
  readonly microBatches?: number;
}

/** Adam without weight decay. */
const optimizer = { ...adamWDefaults, weightDecay: 0 };

/** First state: weights `w` as a vector, Adam's under `adam`, and with micro-batches the sums of gradients so far. */
export const vaeState = (
  weights: Tensors,
  { parameters, microBatches }: Pick<VaeTraining, 'parameters' | 'microBatches'>,
): Tensors => {
  const w = flatten(weights, parameters);
  return { w, ...prefixed(adamWState({ w }), 'adam'), ...gradientSums({ w }, { microBatches }) };
};

/**
 * Training as pure functions. A batch holds `images` float32 [B, S, S, 3] in [-1, 1], `identity` float32 [B, identitySize],
 * `noiseSeed` int32 [2] and the scalar `rate`. With micro-batches, B is the size of one, and `first` (int32 scalar) the place of its
 * first image in the batch.
 */
export const vaePrograms = (training: VaeTraining): Programs =>
  trainingPrograms({
    microBatches: training.microBatches,
    pass: (state, batch) => pass(training, state, batch),
    update: (state, batch, gradients) =>
      fused('optimizer', () => {
        const { w } = state as { w: tf.Tensor };
        const moved = adamW({ w }, gradients, withPrefix(state, 'adam'), batch.rate as tf.Tensor, optimizer);
        return { ...moved.parameters, ...prefixed(moved.state, 'adam') };
      }),
    sum: (body) => fused('optimizer', body),
  });

const pass = (training: VaeTraining, state: Tensors, batch: Tensors): Pass => {
  const noise = noiseOf(training, batch);
  const kept: Tensors = {};
  const { gradients } = valueAndGradients(
    ({ w }) => {
      const made = vaeLoss(unflatten(w as tf.Tensor1D, training.parameters), batch, noise, training);
      for (const [name, value] of Object.entries(made)) kept[name] = tf.keep(value);
      return made.loss;
    },
    { w: state.w as tf.Tensor1D },
  );
  // `keep` carried these out of the gradient's scope; the clones belong to the caller's.
  const metrics = Object.fromEntries(Object.entries(kept).map(([name, value]) => [name, value.clone()]));
  tf.dispose(kept);
  return { gradients, metrics };
};

/** That of the whole batch is drawn and the rows of the micro-batch are taken, so that its size changes no number. */
const noiseOf = ({ config, microBatches = 1 }: VaeTraining, batch: Tensors): tf.Tensor2D => {
  const count = (batch.images as tf.Tensor).shape[0];
  const all = statelessNormal([count * microBatches, config.latent], batch.noiseSeed as tf.Tensor1D);
  return (microBatches === 1 ? all : rowsFrom(all, batch.first as tf.Scalar, count)) as tf.Tensor2D;
};
