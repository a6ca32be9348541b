import type { FlatTraining } from '../../../nn/optim/flat-adam.ts';
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

/** Training by Adam. A batch holds `images` float32 [B, H, W, 3] in [-1, 1], and the scalar `rate`. */
export const autoencoderTraining = (training: AutoencoderTraining): FlatTraining => ({
  parameters: training.parameters,
  microBatches: training.microBatches,
  optimizer,
  loss: (weights, { images }) => autoencoderLoss(weights, images as tf.Tensor4D, training),
});
