import type { Denoiser } from '../../nn/diffusion/denoiser.ts';
import { cleanSamples, predictedNoise, predictionTarget, qSample } from '../../nn/diffusion/prediction.ts';
import type { DiffusionLoss } from '../../nn/diffusion/train-step.ts';
import { unitRows } from '../../nn/layers/unit-rows.ts';
import { type Tensors, tf } from '../../nn/tf.ts';

/** How similar two embeddings are: by their cosine, or by their distance (CemiFace table 13). */
export type SimilarityMeasure = 'cosine' | 'euclidean';

/**
 * s of the loss, in [-1, 1]. The paper does not print how it turns the Euclidean distance into a similarity: s = 1 − |a − b| is
 * our reading, which is 1 for equal embeddings and -1 for opposite ones, as the cosine is.
 *
 * @param a, b float32 [B, D], unit rows @returns float32 [B]
 */
export const measuredSimilarity = (a: tf.Tensor, b: tf.Tensor, measure: SimilarityMeasure): tf.Tensor => {
  if (measure === 'cosine') return a.mul(b).sum(1);
  // The root of 0 has an infinite gradient.
  return tf.sub(1, tf.sqrt(tf.square(a.sub(b)).sum(1).add(1e-12)));
};

/**
 * L_SimMat = (1 − γ_t)(1 − s)² + γ_t (m − s)², γ_t = t / T, averaged over the batch (CemiFace eq. 5 to 9): near the
 * image (t small) its own identity is asked for, far from it the wanted similarity m.
 *
 * @param s float32 [B], similarity of E_id(x_0) and E_id(x̂_0)
 */
export const similarityMatchingLoss = (s: tf.Tensor, m: tf.Tensor, time: tf.Tensor, timesteps: number): tf.Scalar => {
  const gamma = time.div(timesteps);
  const reconstruction = tf.square(tf.sub(1, s));
  const matching = tf.square(tf.sub(m, s));
  return tf.mean(tf.sub(1, gamma).mul(reconstruction).add(gamma.mul(matching))) as tf.Scalar;
};

/** What the loss depends on besides the batch. */
export interface CemiFaceLoss {
  readonly denoiser: Denoiser;
  /** The frozen E_id as a function of its weights: float32 [B, S, S, 3] in [-1, 1] to features float32 [B, D]. */
  readonly embed: (frozen: Tensors, images: tf.Tensor4D) => tf.Tensor2D;
  readonly measure: SimilarityMeasure;
  /**
   * What L_MSE is measured on: what the network puts out, or the noise that this means, as the paper has it. For a velocity the two
   * differ by ᾱ_t: on the noise, L_MSE says little far from the image, where L_SimMat asks for m.
   */
  readonly mse?: 'output' | 'noise';
  /** λ */
  readonly lambda: number;
  /** T */
  readonly timesteps: number;
}

/**
 * L = L_MSE + λ L_SimMat (CemiFace eq. 10). The gradient of the second term flows through the frozen recognizer. A batch
 * holds `identity` = E_id(x_0) float32 [B, D], unit rows, and `m` float32 [B] in [-1, 1], from the grid.
 */
export const cemifaceLoss =
  ({ denoiser, embed, measure, mse: on = 'output', lambda, timesteps }: CemiFaceLoss): DiffusionLoss =>
  (weights, noising, batch, frozen) => {
    const { clean, noise, time, alphaBar } = noising;
    const noisy = qSample(clean, noise, alphaBar);
    const output = denoiser.predict(weights, noisy, time, batch);
    const error =
      on === 'noise'
        ? predictedNoise(noisy, output, alphaBar, denoiser.prediction).sub(noise)
        : output.sub(predictionTarget(denoiser.prediction, noising));
    const mse = tf.mean(tf.square(error)) as tf.Scalar;
    const reached = unitRows(embed(frozen, cleanSamples(noisy, output, alphaBar, denoiser)));
    const identity = batch.identity as tf.Tensor;
    const s = measuredSimilarity(reached, identity, measure);
    const simMat = similarityMatchingLoss(s, batch.m as tf.Tensor, time, timesteps);
    // The log shows the cosine by either measure, so that trainings can be compared.
    const similarity = tf.mean(measuredSimilarity(reached, identity, 'cosine')) as tf.Scalar;
    return { loss: mse.add(simMat.mul(lambda)), mse, simMat, similarity };
  };
