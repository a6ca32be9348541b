import { CemiflowError } from '../../core/errors.ts';

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
