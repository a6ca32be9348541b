/** Linear betas from 1e-4 to 2e-2 (DDPM §4), and what follows from them; index t = 0 … T−1. */
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
