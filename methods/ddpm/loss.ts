import type { Denoiser } from '../../nn/diffusion/denoiser.ts';
import { predictionTarget, qSample } from '../../nn/diffusion/prediction.ts';
import type { DiffusionLoss } from '../../nn/diffusion/train-step.ts';
import { tf } from '../../nn/tf.ts';

/** L_simple, the mean squared error of what the network predicts (DDPM eq. 14). */
export const ddpmLoss =
  (denoiser: Denoiser): DiffusionLoss =>
  (weights, noising, batch) => {
    const { clean, noise, time, alphaBar } = noising;
    const output = denoiser.predict(weights, qSample(clean, noise, alphaBar), time, batch);
    const target = predictionTarget(denoiser.prediction, noising);
    return { loss: tf.mean(tf.square(output.sub(target))) as tf.Scalar };
  };
