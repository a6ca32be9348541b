import { tf } from '../tf.ts';

/**
 * What a denoiser's output is: the noise ε, or the velocity v = sqrt(ᾱ) ε − sqrt(1 − ᾱ) x_0 (Salimans and Ho
 * 2022, §4), which reaches usable images after far fewer steps, since an error at a noisy time is not blown up in x̂_0.
 */
export type Prediction = 'epsilon' | 'velocity';

/** x_t = sqrt(ᾱ_t) x_0 + sqrt(1 − ᾱ_t) ε (DDPM eq. 4). @param clean, noise float32 [B, H, W, C] @param alphaBar float32 [B] */
export const qSample = (clean: tf.Tensor4D, noise: tf.Tensor4D, alphaBar: tf.Tensor1D): tf.Tensor4D => {
  const a = alphaBar.reshape([-1, 1, 1, 1]);
  return clean.mul(tf.sqrt(a)).add(noise.mul(tf.sqrt(tf.sub(1, a)))) as tf.Tensor4D;
};

/** v = sqrt(ᾱ_t) ε − sqrt(1 − ᾱ_t) x_0 (Salimans and Ho 2022, §4). */
export const velocity = (clean: tf.Tensor4D, noise: tf.Tensor4D, alphaBar: tf.Tensor1D): tf.Tensor4D => {
  const a = alphaBar.reshape([-1, 1, 1, 1]);
  return noise.mul(tf.sqrt(a)).sub(clean.mul(tf.sqrt(tf.sub(1, a)))) as tf.Tensor4D;
};

/** What the network should have put out. */
export const predictionTarget = (
  prediction: Prediction,
  { clean, noise, alphaBar }: { clean: tf.Tensor4D; noise: tf.Tensor4D; alphaBar: tf.Tensor1D },
): tf.Tensor4D => (prediction === 'epsilon' ? noise : velocity(clean, noise, alphaBar));

/**
 * ε′, the noise that the network takes x_t to hold: its output, or sqrt(ᾱ_t) v′ + sqrt(1 − ᾱ_t) x_t (Salimans and Ho 2022, §4).
 *
 * @param noisy, output float32 [B, H, W, C] @param alphaBar float32 [B] or scalar
 */
export const predictedNoise = (
  noisy: tf.Tensor4D,
  output: tf.Tensor4D,
  alphaBar: tf.Tensor,
  prediction: Prediction,
): tf.Tensor4D => {
  if (prediction === 'epsilon') return output;
  const a = alphaBar.reshape([-1, 1, 1, 1]);
  return output.mul(tf.sqrt(a)).add(noisy.mul(tf.sqrt(tf.sub(1, a)))) as tf.Tensor4D;
};

/**
 * The noise that leads from x̂_0 to x_t: (x_t − sqrt(ᾱ_t) x̂_0) / sqrt(1 − ᾱ_t) (DDPM eq. 4 solved for ε). It is not the
 * network's where x̂_0 was clipped.
 *
 * @param noisy, clean float32 [B, H, W, C] @param alphaBar scalar
 */
export const impliedNoise = (noisy: tf.Tensor4D, clean: tf.Tensor4D, alphaBar: tf.Tensor): tf.Tensor4D =>
  noisy.sub(clean.mul(tf.sqrt(alphaBar))).div(tf.sqrt(tf.sub(1, alphaBar))) as tf.Tensor4D;

/**
 * x̂_0 from the network's output: (x_t − sqrt(1 − ᾱ_t) ε′) / sqrt(ᾱ_t) (DDPM eq. 15), or
 * sqrt(ᾱ_t) x_t − sqrt(1 − ᾱ_t) v′ (Salimans and Ho 2022, §4).
 *
 * @param noisy, output float32 [B, H, W, C] @param alphaBar float32 [B] or scalar
 * @param as.clip whether x̂_0 is clipped to [-1, 1], the range of images
 */
export const cleanSamples = (
  noisy: tf.Tensor4D,
  output: tf.Tensor4D,
  alphaBar: tf.Tensor,
  { prediction, clip }: { readonly prediction: Prediction; readonly clip: boolean },
): tf.Tensor4D => {
  const a = alphaBar.reshape([-1, 1, 1, 1]);
  const signal = tf.sqrt(a);
  const scaled = output.mul(tf.sqrt(tf.sub(1, a)));
  const clean = prediction === 'epsilon' ? noisy.sub(scaled).div(signal) : noisy.mul(signal).sub(scaled);
  return (clip ? tf.clipByValue(clean, -1, 1) : clean) as tf.Tensor4D;
};
