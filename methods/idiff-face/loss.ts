import type { Denoiser } from '../../nn/diffusion/denoiser.ts';
import { predictionTarget, qSample } from '../../nn/diffusion/prediction.ts';
import type { DiffusionLoss } from '../../nn/diffusion/train-step.ts';
import { tf } from '../../nn/tf.ts';

/**
 * L_simple, the mean squared error of the predicted noise (DDPM eq. 14), in latents. A batch holds `identity` float32 [B, D], unit rows, and
 * `contextMask` float32 [B, conditionSize].
 */
export const idiffFaceLoss =
  (denoiser: Denoiser): DiffusionLoss =>
  (weights, noising, batch) => {
    const { clean, noise, time, alphaBar } = noising;
    const output = denoiser.predict(weights, qSample(clean, noise, alphaBar), time, batch);
    const target = predictionTarget(denoiser.prediction, noising);
    return { loss: tf.mean(tf.square(output.sub(target))) as tf.Scalar };
  };
