import { CemiflowError } from '../../core/errors.ts';
import { tf } from '../tf.ts';
import type { Schedule } from './schedule.ts';

/** One step of a sampler: from time t with ᾱ_t to the ᾱ of the next, less noisy time. */
export interface SamplingStep {
  readonly time: number;
  readonly alphaBar: number;
  readonly nextAlphaBar: number;
}

/**
 * The ε of a DDIM step: the network's own, as DCFace's code has it, or the one that leads from the clipped x̂_0 to x_t, as
 * guided-diffusion has it. The two differ where x̂_0 is clipped, and only there.
 */
export type EpsilonKind = 'network' | 'clipped';

/**
 * How the samplers move: by DDIM, where `eta` 0 adds no noise and 1 as much as the posterior of the forward process has;
 * or by DDPM's ancestral steps with variance β, as IDiff-Face does.
 */
export type SamplerKind =
  | { readonly type: 'ddim'; readonly eta: number; readonly epsilon: EpsilonKind }
  | { readonly type: 'ancestral' };

/** Whether a sampler needs fresh noise at every step. */
export const isNoisy = (sampler: SamplerKind): boolean => sampler.type === 'ancestral' || sampler.eta > 0;

/**
 * The times of sampling, from noisy to clean: multiples of T / count from 0, the last target being ᾱ = 1 (as DCFace's
 * code has it).
 */
export const samplingSteps = (schedule: Schedule, count: number): SamplingStep[] => {
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

/** A step's noise levels, as scalars. */
interface Levels {
  readonly alphaBar: tf.Tensor;
  readonly nextAlphaBar: tf.Tensor;
}

/**
 * One DDIM step (Song et al. 2021, eq. 12).
 *
 * @param clean, epsilon float32 [B, H, W, C], x̂_0 and the predicted ε
 * @param noise float32 [B, H, W, C], standard normal; required where eta is above 0
 */
export const ddimUpdate = (
  clean: tf.Tensor4D,
  epsilon: tf.Tensor4D,
  { alphaBar, nextAlphaBar }: Levels,
  eta = 0,
  noise?: tf.Tensor4D,
): tf.Tensor4D => {
  const signal = clean.mul(tf.sqrt(nextAlphaBar));
  if (eta === 0 || !noise) return signal.add(epsilon.mul(tf.sqrt(tf.sub(1, nextAlphaBar)))) as tf.Tensor4D;
  // Eq. 16; the rest of the variance, 1 − ᾱ′, stays with the predicted noise.
  const share = tf
    .sub(1, nextAlphaBar)
    .div(tf.sub(1, alphaBar))
    .mul(tf.sub(1, alphaBar.div(nextAlphaBar)));
  const variance = share.mul(eta * eta);
  const rest = tf.relu(tf.sub(1, nextAlphaBar).sub(variance));
  return signal.add(epsilon.mul(tf.sqrt(rest))).add(noise.mul(tf.sqrt(variance))) as tf.Tensor4D;
};

/**
 * One ancestral step: the mean of the posterior q(x_{t−1} | x_t, x̂_0) (DDPM eq. 7), and noise of variance β, where
 * 1 − β = ᾱ / ᾱ′ also for steps that skip times. The last step, to ᾱ′ = 1, adds none.
 *
 * @param x, clean, noise float32 [B, H, W, C]
 */
export const ancestralUpdate = (
  x: tf.Tensor4D,
  clean: tf.Tensor4D,
  { alphaBar, nextAlphaBar }: Levels,
  noise: tf.Tensor4D,
): tf.Tensor4D => {
  const alpha = alphaBar.div(nextAlphaBar);
  const beta = tf.sub(1, alpha);
  const total = tf.sub(1, alphaBar);
  const fromClean = tf.sqrt(nextAlphaBar).mul(beta).div(total);
  const fromNoisy = tf.sqrt(alpha).mul(tf.sub(1, nextAlphaBar)).div(total);
  const last = tf.equal(nextAlphaBar, 1);
  const deviation = tf.where(last, tf.zerosLike(beta), tf.sqrt(beta));
  return clean.mul(fromClean).add(x.mul(fromNoisy)).add(noise.mul(deviation)) as tf.Tensor4D;
};
