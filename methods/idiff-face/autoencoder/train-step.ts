import type { Programs } from '../../../nn/compile/index.ts';
import { flatten, unflatten } from '../../../nn/flat.ts';
import { prefixed, valueAndGradients, withPrefix } from '../../../nn/gradients.ts';
import { fused } from '../../../nn/kernels/annotate.ts';
import { gradientSums, type Pass, trainingPrograms } from '../../../nn/micro-batches.ts';
import { adamW, adamWState } from '../../../nn/optim/adamw.ts';
import type { Parameter } from '../../../nn/parameters.ts';
import { type Tensors, tf } from '../../../nn/tf.ts';
import type { AutoencoderConfig } from './config.ts';
import { decode, encode } from './forward.ts';
import { codebookName } from './layers.ts';
import { quantise } from './quantise.ts';

/** What a training step of the autoencoder needs besides its state and batch. */
export interface AutoencoderTraining {
  readonly config: AutoencoderConfig;
  readonly parameters: readonly Parameter[];
  /** Share of the codes' own term in the codebook loss; see `quantise`. */
  readonly beta: number;
  /** Micro-batches of a batch, whose gradients are added up before the optimizer moves. Default 1. */
  readonly microBatches?: number;
}

/** Adam with the moments that latent diffusion's autoencoders are trained with. */
const optimizer = { beta1: 0.5, beta2: 0.9, eps: 1e-8, weightDecay: 0 };

/** First state: weights `w` as a vector, Adam's under `adam`, and with micro-batches the sums of gradients so far. */
export const autoencoderState = (
  weights: Tensors,
  { parameters, microBatches }: Pick<AutoencoderTraining, 'parameters' | 'microBatches'>,
): Tensors => {
  const w = flatten(weights, parameters);
  return { w, ...prefixed(adamWState({ w }), 'adam'), ...gradientSums({ w }, { microBatches }) };
};

/**
 * L = mean|x̂ − x| + L_codebook, x̂ the decoded nearest codes (Rombach et al. 2022, §3.1, without its perceptual and adversarial terms).
 *
 * @param images float32 [B, H, W, 3] in [-1, 1]
 */
export const autoencoderLoss = (
  weights: Tensors,
  images: tf.Tensor4D,
  { config, beta }: Pick<AutoencoderTraining, 'config' | 'beta'>,
): { readonly loss: tf.Scalar; readonly [metric: string]: tf.Scalar } => {
  const codebook = weights[codebookName] as tf.Tensor2D;
  const quantised = quantise(encode(weights, images, config), codebook, beta);
  const reconstruction = tf.mean(tf.abs(decode(weights, quantised.latents, config).sub(images))) as tf.Scalar;
  return {
    loss: reconstruction.add(quantised.loss),
    reconstruction,
    codebook: quantised.loss,
    perplexity: quantised.perplexity,
  };
};

/** Training as pure functions. A batch holds `images` float32 [B, H, W, 3] in [-1, 1], and the scalar `rate`. */
export const autoencoderPrograms = (training: AutoencoderTraining): Programs =>
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

const pass = (training: AutoencoderTraining, state: Tensors, batch: Tensors): Pass => {
  const kept: Tensors = {};
  const { gradients } = valueAndGradients(
    ({ w }) => {
      const weights = unflatten(w as tf.Tensor1D, training.parameters);
      const made = autoencoderLoss(weights, batch.images as tf.Tensor4D, training);
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
