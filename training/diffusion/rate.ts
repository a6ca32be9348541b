import type { DiffusionOptions } from './method.ts';

/**
 * Linear warm-up from 0, then constant, a half cosine that would reach 0 one step after the last, or half cosines that each
 * last twice as long as the one before (Loshchilov and Hutter 2017, with T_mult 2 and a lowest rate of 0).
 */
export const learningRate = (
  { lr, warmup, decay, cycle = 1 }: Pick<DiffusionOptions, 'lr' | 'warmup' | 'decay' | 'cycle'>,
  step: number,
  steps: number,
): number => {
  if (step < warmup) return (lr * (step + 1)) / warmup;
  if (decay === 'constant') return lr;
  if (decay === 'restarts') return 0.5 * lr * (1 + Math.cos(Math.PI * placeInCycle(step - warmup, cycle)));
  return 0.5 * lr * (1 + Math.cos((Math.PI * (step - warmup)) / Math.max(1, steps - warmup)));
};

/** How far a step is through its cycle, in [0, 1). @param first steps of the first cycle */
const placeInCycle = (step: number, first: number): number => {
  let [start, length] = [0, first];
  while (step >= start + length) {
    start += length;
    length *= 2;
  }
  return (step - start) / length;
};
