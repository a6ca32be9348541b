import type { Denoiser } from '../../nn/diffusion/denoiser.ts';
import { cleanSamples, predictionTarget, qSample } from '../../nn/diffusion/prediction.ts';
import type { DiffusionLoss } from '../../nn/diffusion/train-step.ts';
import { unitRows } from '../../nn/layers/unit-rows.ts';
import { type Tensors, tf } from '../../nn/tf.ts';

/**
 * L_SimMat = (1 − γ_t)(1 − s)² + γ_t (m − s)², γ_t = t / T, averaged over the batch (CemiFace eq. 5 to 9): near the
 * image (t small) its own identity is asked for, far from it the wanted similarity m.
 *
 * @param s float32 [B], cosine similarity of E_id(x_0) and E_id(x̂_0)
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
  ({ denoiser, embed, lambda, timesteps }: CemiFaceLoss): DiffusionLoss =>
  (weights, noising, batch, frozen) => {
    const { clean, noise, time, alphaBar } = noising;
    const noisy = qSample(clean, noise, alphaBar);
    const output = denoiser.predict(weights, noisy, time, batch);
    const target = predictionTarget(denoiser.prediction, noising);
    const mse = tf.mean(tf.square(output.sub(target))) as tf.Scalar;
    const reached = unitRows(embed(frozen, cleanSamples(noisy, output, alphaBar, denoiser)));
    const s = reached.mul(batch.identity as tf.Tensor).sum(1);
    const simMat = similarityMatchingLoss(s, batch.m as tf.Tensor, time, timesteps);
    return { loss: mse.add(simMat.mul(lambda)), mse, simMat, similarity: tf.mean(s) as tf.Scalar };
  };
