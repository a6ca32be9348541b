import type { StepFunction } from '../compile/index.ts';
import { flatten, unflatten } from '../flat.ts';
import { prefixed, valueAndGradients, withPrefix } from '../gradients.ts';
import { statelessNormal } from '../kernels/random.ts';
import { type AdamWOptions, adamW, adamWState } from '../optim/adamw.ts';
import { emaUpdate } from '../optim/ema.ts';
import { type Tensors, tf } from '../tf.ts';
import type { UNetConfig } from './config.ts';
import { unetParameters } from './layout.ts';
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

/** First state: weights `w` and their average `ema` as vectors, AdamW's state under `adam`, the recognizer under `fr`. */
export const diffusionState = (weights: Tensors, recognizer: Tensors, config: UNetConfig): Tensors => {
  const w = flatten(weights, unetParameters(config));
  return { w, ema: w.clone(), ...prefixed(adamWState({ w }), 'adam'), ...prefixed(recognizer, 'fr') };
};

/**
 * One step of CemiFace's training as a pure function. The batch holds `images` float32 [B, S, S, 3],
 * `identity` float32 [B, D] unit rows, `m`, `time`, `alphaBar` float32 [B], `noiseSeed` int32 [2], and the scalars `rate`
 * and `emaDecay`.
 */
export const diffusionStep = (training: DiffusionTraining): StepFunction => {
  const parameters = unetParameters(training.config);
  return (state, batch) => {
    const w = state.w as tf.Tensor1D;
    const recognizer = withPrefix(state, 'fr');
    const images = batch.images as tf.Tensor4D;
    const noise = statelessNormal(images.shape, batch.noiseSeed as tf.Tensor1D) as tf.Tensor4D;
    const parts: Tensors = {};
    const { gradients } = valueAndGradients(
      (vector) => {
        const { loss, mse, simMat, similarity } = diffusionLoss(
          unflatten(vector.w as tf.Tensor1D, parameters),
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
      },
      { w },
    );
    const updated = adamW({ w }, gradients, withPrefix(state, 'adam'), batch.rate as tf.Tensor, training.optimizer);
    const average = emaUpdate({ w: state.ema as tf.Tensor }, updated.parameters, batch.emaDecay as tf.Tensor);
    const metrics = Object.fromEntries(Object.entries(parts).map(([name, kept]) => [name, kept.clone()]));
    // `keep` carried the parts out of the gradient's scope; the clones belong to the caller's.
    tf.dispose(parts);
    return {
      state: { ...updated.parameters, ema: average.w as tf.Tensor, ...prefixed(updated.state, 'adam') },
      metrics,
    };
  };
};
