import type { CheckpointArray } from '../core/checkpoint.ts';
import { CemiflowError } from '../core/errors.ts';

/** Index of the first value that is NaN or infinite, or −1. One multiplication and addition for each value. */
export const firstNonFinite = (values: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i] as number) * 0;
  if (sum === 0) return -1;
  let index = 0;
  while (Number.isFinite(values[index])) index++;
  return index;
};

/** A training whose state is no longer finite. @param tensor name of what is not */
export const diverged = (tensor: string, step: number, lr: number): CemiflowError =>
  new CemiflowError('Diverged', `${tensor} is no longer finite at step ${step}`, {
    remedy: `lower lr (now ${lr}) or give it a longer warm-up`,
    data: { step, tensor, lr },
  });

/** A smaller scale than the smallest normal number of float16 says that the gradients themselves are too large for it, or not finite. */
const smallestScale = 2 ** -14;

/** @throws CemiflowError `Diverged` where a step's metrics are not finite, or its loss scale has become too small to help */
export const checkMetrics = (metrics: { readonly [name: string]: number }, step: number, lr: number): void => {
  for (const [name, value] of Object.entries(metrics)) {
    if (!Number.isFinite(value)) throw diverged(name, step, lr);
    if (/(^| )lossScale$/.test(name) && value < smallestScale) throw unscalable(step, value, lr);
  }
};

const unscalable = (step: number, scale: number, lr: number): CemiflowError =>
  new CemiflowError('Diverged', `the gradients of step ${step} are not finite in float16 at any loss scale`, {
    remedy: `lower lr (now ${lr}), or use precision: bfloat16`,
    data: { step, scale, lr },
  });

/** @throws CemiflowError `Diverged` where an array of the state after `step` steps is not finite */
export const checkFinite = (arrays: { readonly [name: string]: CheckpointArray }, step: number, lr: number): void => {
  for (const [name, { data }] of Object.entries(arrays)) {
    if (firstNonFinite(data) !== -1) throw diverged(name, step, lr);
  }
};
