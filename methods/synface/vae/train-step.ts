import { statelessNormal } from '../../../nn/kernels/random.ts';
import { rowsFrom } from '../../../nn/kernels/slice.ts';
import { adamWDefaults } from '../../../nn/optim/adamw.ts';
import type { FlatTraining } from '../../../nn/optim/flat-adam.ts';
import type { Parameter } from '../../../nn/parameters.ts';
import type { Tensors, tf } from '../../../nn/tf.ts';
import { type VaeObjective, vaeLoss } from './loss.ts';

/** What a training step needs besides its state and batch. */
export interface VaeTraining extends VaeObjective {
  readonly parameters: readonly Parameter[];
  /** Micro-batches of a batch, whose gradients are added up before the optimizer moves. Default 1. */
  readonly microBatches?: number;
}

/**
 * Training by Adam without weight decay. A batch holds `images` float32 [B, S, S, 3] in [-1, 1], `identity` float32 [B, identitySize],
 * `noiseSeed` int32 [2] and the scalar `rate`. With micro-batches, B is the size of one, and `first` (int32 scalar) the place of its
 * first image in the batch.
 */
export const vaeTraining = (training: VaeTraining): FlatTraining => ({
  parameters: training.parameters,
  microBatches: training.microBatches,
  optimizer: { ...adamWDefaults, weightDecay: 0 },
  loss: (weights, batch) => vaeLoss(weights, batch, noiseOf(training, batch), training),
});

/** That of the whole batch is drawn and the rows of the micro-batch are taken, so that its size changes no number. */
const noiseOf = ({ config, microBatches = 1 }: VaeTraining, batch: Tensors): tf.Tensor2D => {
  const count = (batch.images as tf.Tensor).shape[0];
  const all = statelessNormal([count * microBatches, config.latent], batch.noiseSeed as tf.Tensor1D);
  return (microBatches === 1 ? all : rowsFrom(all, batch.first as tf.Scalar, count)) as tf.Tensor2D;
};
