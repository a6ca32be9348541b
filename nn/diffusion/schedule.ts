/** Noise levels by time; index t = 0 … T−1. */
export interface Schedule {
  readonly steps: number;
  /** β_t */
  readonly beta: Float64Array;
  /** ᾱ_t = Π_{s ≤ t} (1 − β_s) */
  readonly alphaBar: Float64Array;
}

/** Which noise a generator learns to remove, as its weights say it. */
export interface NoiseOptions {
  /** T */
  readonly timesteps: number;
  /** Factor on ᾱ_t / (1 − ᾱ_t) at every time. */
  readonly snrFactor: number;
}

const [first, last] = [1e-4, 2e-2];

/**
 * Linear betas from 1e-4 to 2e-2 (DDPM §4), and their signal-to-noise ratio times a factor. Pixels that stand for less of a face are
 * hidden by less noise: images of S pixels a side meet the noise as those of d pixels do with the factor (d / S)² (Hoogeboom et al. 2023,
 * simple diffusion, §3.1).
 */
export const linearSchedule = (steps = 1000, snrFactor = 1): Schedule => {
  const beta = new Float64Array(steps);
  const alphaBar = new Float64Array(steps);
  let product = 1;
  for (let t = 0; t < steps; t++) {
    const plain = first + ((last - first) * t) / (steps - 1);
    product *= 1 - plain;
    // A factor of 1 changes no bit.
    const shifted = snrFactor === 1 ? product : (snrFactor * product) / (1 - product + snrFactor * product);
    beta[t] = snrFactor === 1 ? plain : 1 - shifted / (t === 0 ? 1 : (alphaBar[t - 1] as number));
    alphaBar[t] = shifted;
  }
  return { steps, beta, alphaBar };
};
