import type { StepFunction } from '../compile/index.ts';
import { prefixed, valueAndGradients, withPrefix } from '../gradients.ts';
import { statelessNormal } from '../kernels/random.ts';
import { type AdamWOptions, adamW, adamWState } from '../optim/adamw.ts';
import { emaUpdate } from '../optim/ema.ts';
import { type Tensors, tf } from '../tf.ts';
import type { UNetConfig } from './config.ts';
import { diffusionLoss } from './loss.ts';

/** What a diffusion training step needs besides its state and batch. */
export interface DiffusionTraining {
  readonly config: UNetConfig;
  readonly lambda: number;
  /** T */
  readonly steps: number;
  readonly optimizer: AdamWOptions;
  /** The frozen E_id as a function of its weights: float32 [B, S, S, 3] in [-1, 1] to features [B, D]. */
  readonly embed: (weights: Tensors, images: tf.Tensor4D) => tf.Tensor2D;
}

/** First state: weights under `w`, their average under `ema`, AdamW's state under `adam`, the recognizer under `fr`. */
export const diffusionState = (weights: Tensors, recognizer: Tensors): Tensors => ({
  ...prefixed(weights, 'w'),
  ...prefixed(weights, 'ema'),
  ...prefixed(adamWState(weights), 'adam'),
  ...prefixed(recognizer, 'fr'),
});

/**
 * One step of CemiFace's training (method.md) as a pure function. The batch holds `images` float32 [B, S, S, 3],
 * `identity` float32 [B, D] unit rows, `m`, `time`, `alphaBar` float32 [B], `noiseSeed` int32 [2], and the scalars `rate`
 * and `emaDecay`.
 */
export const diffusionStep = (training: DiffusionTraining): StepFunction => {
  return (state, batch) => {
    const weights = withPrefix(state, 'w');
    const recognizer = withPrefix(state, 'fr');
    const images = batch.images as tf.Tensor4D;
    const noise = statelessNormal(images.shape, batch.noiseSeed as tf.Tensor1D) as tf.Tensor4D;
    const parts: Tensors = {};
    const { gradients } = valueAndGradients((w) => {
      const { loss, mse, simMat, similarity } = diffusionLoss(
        w,
        {
          images,
          noise,
          identity: batch.identity as tf.Tensor2D,
          time: batch.time as tf.Tensor1D,
          alphaBar: batch.alphaBar as tf.Tensor1D,
          m: batch.m as tf.Tensor1D,
        },
        (x) => training.embed(recognizer, x),
        training.config,
        { lambda: training.lambda, steps: training.steps },
      );
      Object.assign(parts, {
        loss: tf.keep(loss),
        mse: tf.keep(mse),
        simMat: tf.keep(simMat),
        similarity: tf.keep(similarity),
      });
      return loss;
    }, weights);
    const adam = withPrefix(state, 'adam');
    const updated = adamW(weights, gradients, adam, batch.rate as tf.Tensor, training.optimizer);
    const average = emaUpdate(withPrefix(state, 'ema'), updated.parameters, batch.emaDecay as tf.Tensor);
    const metrics = Object.fromEntries(Object.entries(parts).map(([name, kept]) => [name, kept.clone()]));
    // `keep` carried the parts out of the gradient's scope; the clones belong to the caller's.
    tf.dispose(parts);
    return {
      state: { ...prefixed(updated.parameters, 'w'), ...prefixed(average, 'ema'), ...prefixed(updated.state, 'adam') },
      metrics,
    };
  };
};
