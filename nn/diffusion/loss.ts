import { unitRows } from '../layers/unit-rows.ts';
import { type Tensors, tf } from '../tf.ts';
import type { UNetConfig } from '../unet/config.ts';
import { unet } from '../unet/unet.ts';
import { conditionTokens } from './condition.ts';
import { cleanImages } from './prediction.ts';

/** One batch of diffusion training. */
export interface DiffusionBatch {
  /** x_0, float32 [B, S, S, 3] in [-1, 1]. */
  readonly images: tf.Tensor4D;
  /** E_id(x_0), float32 [B, D], unit rows. */
  readonly identity: tf.Tensor2D;
  /** ε, float32 [B, S, S, 3], standard normal. */
  readonly noise: tf.Tensor4D;
  /** t, float32 [B], whole numbers 0 … T−1. */
  readonly time: tf.Tensor1D;
  /** ᾱ_t, float32 [B]. */
  readonly alphaBar: tf.Tensor1D;
  /** m, float32 [B] in [-1, 1], from the grid. */
  readonly m: tf.Tensor1D;
}

/** x_t = sqrt(ᾱ_t) x_0 + sqrt(1 − ᾱ_t) ε (DDPM eq. 4). */
export const qSample = (images: tf.Tensor4D, noise: tf.Tensor4D, alphaBar: tf.Tensor1D): tf.Tensor4D => {
  const a = alphaBar.reshape([-1, 1, 1, 1]);
  return images.mul(tf.sqrt(a)).add(noise.mul(tf.sqrt(tf.sub(1, a)))) as tf.Tensor4D;
};

/** v = sqrt(ᾱ_t) ε − sqrt(1 − ᾱ_t) x_0 (Salimans and Ho 2022, §4). */
export const velocity = (images: tf.Tensor4D, noise: tf.Tensor4D, alphaBar: tf.Tensor1D): tf.Tensor4D => {
  const a = alphaBar.reshape([-1, 1, 1, 1]);
  return noise.mul(tf.sqrt(a)).sub(images.mul(tf.sqrt(tf.sub(1, a)))) as tf.Tensor4D;
};

/**
 * L_SimMat = (1 − γ_t)(1 − s)² + γ_t (m − s)², γ_t = t / T, averaged over the batch (CemiFace eq. 5 to 9): near the
 * image (t small) its own identity is asked for, far from it the wanted similarity m.
 *
 * @param s float32 [B], cosine similarity of E_id(x_0) and E_id(x̂_0)
 */
export const similarityMatchingLoss = (s: tf.Tensor, m: tf.Tensor, time: tf.Tensor, steps: number): tf.Scalar => {
  const gamma = time.div(steps);
  const reconstruction = tf.square(tf.sub(1, s));
  const matching = tf.square(tf.sub(m, s));
  return tf.mean(tf.sub(1, gamma).mul(reconstruction).add(gamma.mul(matching))) as tf.Scalar;
};

/**
 * L = L_MSE + λ L_SimMat (CemiFace eq. 10). The gradient of the second term flows through the frozen recognizer.
 *
 * @param embed the frozen E_id: float32 [B, S, S, 3] in [-1, 1] to features float32 [B, D]
 * @returns the loss and its parts, scalars
 */
export const diffusionLoss = (
  weights: Tensors,
  batch: DiffusionBatch,
  embed: (images: tf.Tensor4D) => tf.Tensor2D,
  config: UNetConfig,
  options: { lambda: number; steps: number; recompute?: boolean },
): { loss: tf.Scalar; mse: tf.Scalar; simMat: tf.Scalar; similarity: tf.Scalar } => {
  const noisy = qSample(batch.images, batch.noise, batch.alphaBar);
  const tokens = conditionTokens(weights, batch.identity, batch.m, config);
  const output = unet(weights, noisy, batch.time, tokens, config, options);
  const { prediction } = config;
  const target = prediction === 'epsilon' ? batch.noise : velocity(batch.images, batch.noise, batch.alphaBar);
  const mse = tf.mean(tf.square(output.sub(target))) as tf.Scalar;
  const reached = unitRows(embed(cleanImages(noisy, output, batch.alphaBar, prediction)));
  const s = reached.mul(batch.identity).sum(1);
  const simMat = similarityMatchingLoss(s, batch.m, batch.time, options.steps);
  return { loss: mse.add(simMat.mul(options.lambda)), mse, simMat, similarity: tf.mean(s) as tf.Scalar };
};
