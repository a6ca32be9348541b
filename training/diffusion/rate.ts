import type { DiffusionOptions } from './method.ts';

/** Linear warm-up from 0, then constant, or a half cosine that would reach 0 one step after the last. */
export const learningRate = (
  { lr, warmup, decay }: Pick<DiffusionOptions, 'lr' | 'warmup' | 'decay'>,
  step: number,
  steps: number,
): number => {
  if (step < warmup) return (lr * (step + 1)) / warmup;
  if (decay === 'constant') return lr;
  return 0.5 * lr * (1 + Math.cos((Math.PI * (step - warmup)) / Math.max(1, steps - warmup)));
};
