import type { Programs, StepFunction } from '../compile/index.ts';
import { flatten, unflatten } from '../flat.ts';
import { prefixed, valueAndGradients, withPrefix } from '../gradients.ts';
import { fused } from '../kernels/annotate.ts';
import { statelessNormal } from '../kernels/random.ts';
import { rowsFrom } from '../kernels/slice.ts';
import { type AdamWOptions, adamW, adamWState } from '../optim/adamw.ts';
import { emaUpdate } from '../optim/ema.ts';
import { type Tensors, tf } from '../tf.ts';
import type { UNetConfig } from '../unet/config.ts';
import { unetParameters } from '../unet/layout.ts';
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
  /** Parts that a batch is cut into; their gradients are added up before the optimizer moves. 1 unless told. */
  readonly microBatches?: number;
  /** Runs the UNet's blocks again on the way back, which saves memory and costs a forward pass. */
  readonly recompute?: boolean;
}

/**
 * First state: weights `w` and their average `ema` as vectors, AdamW's state under `adam`, the recognizer under `fr`, and
 * with micro-batches the sum of `gradient`s so far.
 */
export const diffusionState = (
  weights: Tensors,
  recognizer: Tensors,
  { config, microBatches = 1 }: Pick<DiffusionTraining, 'config' | 'microBatches'>,
): Tensors => {
  const w = flatten(weights, unetParameters(config));
  return {
    w,
    ema: w.clone(),
    ...prefixed(adamWState({ w }), 'adam'),
    ...prefixed(recognizer, 'fr'),
    ...(microBatches > 1 ? { gradient: tf.zerosLike(w) } : {}),
  };
};

/**
 * CemiFace's training as pure functions. A batch holds `images` float32 [B, S, S, 3], `identity` float32 [B, D] unit rows,
 * `m`, `time`, `alphaBar` float32 [B], `noiseSeed` int32 [2], and the scalars `rate` and `emaDecay`.
 *
 * With micro-batches, B is the size of one, `first` (int32 scalar) is the place of its first image in the batch, all but
 * the last go through `accumulate` and the last through `step`: the same numbers as the whole batch at once, up to rounding.
 */
export const diffusionPrograms = (training: DiffusionTraining): Programs => {
  const { microBatches = 1, optimizer } = training;
  const gradientOf = gradientFunction(training, microBatches);
  const update = (state: Tensors, batch: Tensors, gradient: tf.Tensor): Tensors =>
    fused('optimizer', () => {
      const w = state.w as tf.Tensor;
      const moved = adamW({ w }, { w: gradient }, withPrefix(state, 'adam'), batch.rate as tf.Tensor, optimizer);
      const average = emaUpdate({ w: state.ema as tf.Tensor }, moved.parameters, batch.emaDecay as tf.Tensor);
      return { ...moved.parameters, ema: average.w as tf.Tensor, ...prefixed(moved.state, 'adam') };
    });
  if (microBatches === 1) {
    const step: StepFunction = (state, batch) => {
      const { gradient, metrics } = gradientOf(state, batch);
      return { state: update(state, batch, gradient), metrics };
    };
    return { step };
  }
  const sumWith = (state: Tensors, gradient: tf.Tensor): tf.Tensor =>
    fused('optimizer', () => gradient.div(microBatches).add(state.gradient as tf.Tensor));
  return {
    accumulate: (state, batch) => {
      const { gradient, metrics } = gradientOf(state, batch);
      return { state: { gradient: sumWith(state, gradient) }, metrics };
    },
    step: (state, batch) => {
      const { gradient, metrics } = gradientOf(state, batch);
      const zeros = tf.zerosLike(gradient);
      return { state: { ...update(state, batch, sumWith(state, gradient)), gradient: zeros }, metrics };
    },
  };
};

/** The gradient of the mean loss over the images of a (micro-)batch, and what is worth showing. */
const gradientFunction = ({ config, embed, ...options }: DiffusionTraining, microBatches: number) => {
  const parameters = unetParameters(config);
  return (state: Tensors, batch: Tensors): { gradient: tf.Tensor1D; metrics: Tensors } => {
    const recognizer = withPrefix(state, 'fr');
    const images = batch.images as tf.Tensor4D;
    const [size, ...shape] = images.shape;
    // The noise of the whole batch, so that the size of the micro-batches changes no number.
    const noises = statelessNormal([size * microBatches, ...shape], batch.noiseSeed as tf.Tensor1D);
    const noise = (microBatches === 1 ? noises : rowsFrom(noises, batch.first as tf.Scalar, size)) as tf.Tensor4D;
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
          (x) => embed(recognizer, x),
          config,
          options,
        );
        Object.assign(parts, {
          loss: tf.keep(loss),
          mse: tf.keep(mse),
          simMat: tf.keep(simMat),
          similarity: tf.keep(similarity),
        });
        return loss;
      },
      { w: state.w as tf.Tensor1D },
    );
    const metrics = Object.fromEntries(Object.entries(parts).map(([name, kept]) => [name, kept.clone()]));
    // `keep` carried the parts out of the gradient's scope; the clones belong to the caller's.
    tf.dispose(parts);
    return { gradient: gradients.w as tf.Tensor1D, metrics };
  };
};
