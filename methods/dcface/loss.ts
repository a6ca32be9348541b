import type { Denoiser } from '../../nn/diffusion/denoiser.ts';
import { cleanSamples, predictionTarget, qSample } from '../../nn/diffusion/prediction.ts';
import type { DiffusionLoss } from '../../nn/diffusion/train-step.ts';
import { prefixed } from '../../nn/gradients.ts';
import { unitRows } from '../../nn/layers/unit-rows.ts';
import { type Tensors, tf } from '../../nn/tf.ts';
import { trainedConditions } from './condition.ts';
import type { DcFaceNetwork } from './config.ts';

/**
 * L_ID = −γ_t cos(E(x_id), E(x̂_0)) − (1 − γ_t) cos(E(x_sty), E(x̂_0)), γ_t = t / T, averaged over the batch, each cosine as 1 − cos
 * (DCFace eq. 9 and its code): near the image its own identity is asked for, far from it that of the identity image.
 *
 * @param reached, subject, own float32 [B, D], unit rows: of x̂_0, of the identity image, and of the image itself
 */
export const identityLoss = (
  reached: tf.Tensor,
  { subject, own }: { readonly subject: tf.Tensor; readonly own: tf.Tensor },
  time: tf.Tensor,
  timesteps: number,
): tf.Scalar => {
  const gamma = time.div(timesteps);
  const distance = (to: tf.Tensor): tf.Tensor => tf.sub(1, reached.mul(to).sum(1));
  return tf.mean(gamma.mul(distance(subject)).add(tf.sub(1, gamma).mul(distance(own)))) as tf.Scalar;
};

/** What the loss depends on besides the batch. */
export interface DcFaceLoss {
  readonly network: DcFaceNetwork;
  readonly denoiser: Denoiser;
  /** The frozen recognizer as a function of its weights: float32 [B, S, S, 3] in [-1, 1] to features float32 [B, D]. */
  readonly embed: (frozen: Tensors, images: tf.Tensor4D) => tf.Tensor2D;
  /** The frozen recognizer's map of an image: float32 [B, H, W, C]. */
  readonly styleMap: (frozen: Tensors, images: tf.Tensor4D) => tf.Tensor4D;
  /** λ */
  readonly lambda: number;
  /** T */
  readonly timesteps: number;
}

/**
 * L = L_MSE + λ L_ID (DCFace eq. 10). A batch holds `images` and `identityImages` float32 [B, S, S, 3] in [-1, 1], and `own` and
 * `subject`, the embeddings of both by the frozen recognizer, float32 [B, D], unit rows. The style is that of `images` itself.
 */
export const dcfaceLoss =
  ({ network, denoiser, embed, styleMap, lambda, timesteps }: DcFaceLoss): DiffusionLoss =>
  (weights, noising, batch, frozen, statistics = {}) => {
    const { clean, noise, time, alphaBar } = noising;
    const noisy = qSample(clean, noise, alphaBar);
    const conditions = trainedConditions(weights, statistics, batch, styleMap(frozen, clean), network);
    const output = denoiser.predict(weights, noisy, time, conditions.conditions);
    const target = predictionTarget(denoiser.prediction, noising);
    const mse = tf.mean(tf.square(output.sub(target))) as tf.Scalar;
    const reached = unitRows(embed(frozen, cleanSamples(noisy, output, alphaBar, denoiser)));
    const [subject, own] = [batch.subject, batch.own] as [tf.Tensor, tf.Tensor];
    const identity = identityLoss(reached, { subject, own }, time, timesteps);
    const similarity = tf.mean(reached.mul(subject).sum(1)) as tf.Scalar;
    return {
      loss: mse.add(identity.mul(lambda)),
      ...{ mse, identity, similarity },
      ...prefixed(conditions.statistics, 'stats'),
    };
  };
