import type { Parameter } from '../parameters.ts';
import type { Tensors, tf } from '../tf.ts';
import type { Prediction } from './prediction.ts';

/** The network of a diffusion method, as a function of its weights and of what each sample is conditioned on. */
export interface Denoiser {
  /** Everything that is trained and stored, in the order of the file. */
  readonly parameters: readonly Parameter[];
  /** What one sample is: the height, width and channels of an image, or of its latents. */
  readonly shape: readonly [height: number, width: number, channels: number];
  /** The conditions of one sample by name, with their shapes. */
  readonly conditions: { readonly [name: string]: readonly number[] };
  readonly prediction: Prediction;
  /** Whether x̂_0 is clipped to [-1, 1], the range of images. Latents have no such range. */
  readonly clip: boolean;
  /**
   * @param noisy float32 [B, …shape] @param time float32 [B], 0 … T−1
   * @param conditions float32 [B, …] each, as the shapes of `conditions` say
   * @returns float32 [B, …shape], the noise or the velocity
   */
  predict(weights: Tensors, noisy: tf.Tensor4D, time: tf.Tensor1D, conditions: Tensors): tf.Tensor4D;
  /** Turns finished latents into images float32 [B, H, W, 3] in [-1, 1]. Absent where samples are images. */
  decode?(weights: Tensors, latents: tf.Tensor4D): tf.Tensor4D;
}
