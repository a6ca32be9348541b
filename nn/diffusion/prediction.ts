import { tf } from '../tf.ts';
import type { UNetConfig } from '../unet/config.ts';

/**
 * x̂_0 from the network's output, clipped to [-1, 1]: (x_t − sqrt(1 − ᾱ_t) ε′) / sqrt(ᾱ_t) (CemiFace eq. 6), or
 * sqrt(ᾱ_t) x_t − sqrt(1 − ᾱ_t) v′ (Salimans and Ho 2022, §4).
 *
 * @param noisy, output float32 [B, S, S, 3] @param alphaBar float32 [B] or scalar
 */
export const cleanImages = (
  noisy: tf.Tensor4D,
  output: tf.Tensor4D,
  alphaBar: tf.Tensor,
  prediction: UNetConfig['prediction'],
): tf.Tensor4D => {
  const a = alphaBar.reshape([-1, 1, 1, 1]);
  const signal = tf.sqrt(a);
  const scaled = output.mul(tf.sqrt(tf.sub(1, a)));
  const clean = prediction === 'epsilon' ? noisy.sub(scaled).div(signal) : noisy.mul(signal).sub(scaled);
  return tf.clipByValue(clean, -1, 1) as tf.Tensor4D;
};
