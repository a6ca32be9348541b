import { CemiflowError } from '../../core/errors.ts';
import { type Tensors, tf } from '../tf.ts';
import type { UNetConfig } from '../unet/config.ts';
import { unet } from '../unet/unet.ts';
import { cleanImages } from './prediction.ts';
import type { Schedule } from './schedule.ts';

/** One step of the sampler: from time t with ᾱ_t to the ᾱ of the next, less noisy time. */
export interface DdimStep {
  readonly time: number;
  readonly alphaBar: number;
  readonly nextAlphaBar: number;
}

/**
 * The times of DDIM sampling, from noisy to clean: multiples of T / count from 0, the last target being ᾱ = 1
 * (as DCFace's code has it).
 */
export const ddimSteps = (schedule: Schedule, count: number): DdimStep[] => {
  if (count > schedule.steps) {
    throw new CemiflowError('TooManySteps', `at most ${schedule.steps} sampling steps are possible, got ${count}`, {
      remedy: `set steps to ${schedule.steps} or less, as long as the schedule that the generator was trained with`,
      data: { steps: count, timesteps: schedule.steps },
    });
  }
  const times = Array.from({ length: count }, (_, i) => Math.floor((i * schedule.steps) / count)).reverse();
  return times.map((time, i) => ({
    time,
    alphaBar: schedule.alphaBar[time] as number,
    nextAlphaBar: i + 1 < count ? (schedule.alphaBar[times[i + 1] as number] as number) : 1,
  }));
};

/**
 * One deterministic DDIM step (Song et al. 2021, eq. 12 with eta 0), x̂_0 clipped to [-1, 1] and ε taken anew from the
 * clipped one, as guided-diffusion does (DCFace's pipeline keeps the network's ε).
 *
 * @param x float32 [B, S, S, 3] at time t @param tokens float32 [B, K, D]
 * @param time, alphaBar, nextAlphaBar scalars
 */
export const ddimStep = (
  weights: Tensors,
  x: tf.Tensor4D,
  tokens: tf.Tensor3D,
  at: { time: tf.Tensor; alphaBar: tf.Tensor; nextAlphaBar: tf.Tensor },
  config: UNetConfig,
): tf.Tensor4D => {
  const output = unet(weights, x, tf.fill([x.shape[0]], 1).mul(at.time) as tf.Tensor1D, tokens, config);
  return ddimUpdate(x, cleanImages(x, output, at.alphaBar, config.prediction), at.alphaBar, at.nextAlphaBar);
};

/** The arithmetic of the step, apart from the network. @param clean x̂_0, float32 [B, S, S, 3] */
export const ddimUpdate = (x: tf.Tensor4D, clean: tf.Tensor4D, alphaBar: tf.Tensor, nextAlphaBar: tf.Tensor) => {
  const noise = x.sub(clean.mul(tf.sqrt(alphaBar))).div(tf.sqrt(tf.sub(1, alphaBar)));
  return clean.mul(tf.sqrt(nextAlphaBar)).add(noise.mul(tf.sqrt(tf.sub(1, nextAlphaBar)))) as tf.Tensor4D;
};
