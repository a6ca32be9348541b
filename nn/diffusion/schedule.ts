import { CemiflowError } from '../../core/errors.ts';

/** Linear betas from 1e-4 to 2e-2 (DDPM, as in CemiFace §4.1), and what follows from them; index t = 0 … T−1. */
export interface Schedule {
  readonly steps: number;
  /** β_t */
  readonly beta: Float64Array;
  /** ᾱ_t = Π_{s ≤ t} (1 − β_s) */
  readonly alphaBar: Float64Array;
}

export const linearSchedule = (steps = 1000, first = 1e-4, last = 2e-2): Schedule => {
  const beta = new Float64Array(steps);
  const alphaBar = new Float64Array(steps);
  let product = 1;
  for (let t = 0; t < steps; t++) {
    beta[t] = first + ((last - first) * t) / (steps - 1);
    product *= 1 - (beta[t] as number);
    alphaBar[t] = product;
  }
  return { steps, beta, alphaBar };
};

/** Similarity conditions of training: -1, -1 + interval, … 1. A continuous m collapses (CemiFace §4.3). */
export const similarityGrid = (interval: number, lowest = -1, highest = 1): Float32Array => {
  if (lowest > highest) {
    throw new CemiflowError('GridEmpty', `lowest must not be above highest, got ${lowest} and ${highest}`, {
      remedy: 'exchange similarity.lowest and similarity.highest',
      data: { lowest, highest },
    });
  }
  const count = Math.round((highest - lowest) / interval) + 1;
  return Float32Array.from({ length: count }, (_, i) => Math.min(highest, Number((lowest + i * interval).toFixed(9))));
};
