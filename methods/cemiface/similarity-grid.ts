import { CemiflowError } from '../../core/errors.ts';

/**
 * Similarity conditions of training: lowest, lowest + interval, … highest. A continuous m collapses (CemiFace §4.3).
 *
 * @throws CemiflowError `GridEmpty` where lowest is above highest, `GridUneven` where the interval does not lead to highest
 */
export const similarityGrid = (interval: number, lowest = -1, highest = 1): Float32Array => {
  if (lowest > highest) {
    throw new CemiflowError('GridEmpty', `lowest must not be above highest, got ${lowest} and ${highest}`, {
      remedy: 'exchange similarity.lowest and similarity.highest',
      data: { lowest, highest },
    });
  }
  const count = Math.round((highest - lowest) / interval) + 1;
  if (Math.abs(lowest + (count - 1) * interval - highest) > tolerance * interval)
    throw uneven(interval, lowest, highest);
  return Float32Array.from({ length: count }, (_, i) => clean(lowest + i * interval));
};

/** Parts of an interval that rounding may cost. */
const tolerance = 1e-6;

/** Without the traces of binary fractions: 0 is 0. */
const clean = (value: number): number => Number(value.toFixed(9)) || 0;

const uneven = (interval: number, lowest: number, highest: number): CemiflowError => {
  const last = clean(lowest + Math.floor((highest - lowest) / interval) * interval);
  const first = clean(Math.ceil(lowest / interval) * interval);
  const end = clean(Math.floor(highest / interval) * interval);
  const multiples = first <= end ? `, or lowest and highest to ${first} and ${end}, multiples of ${interval}` : '';
  return new CemiflowError(
    'GridUneven',
    `similarity.interval must lead from ${lowest} to ${highest}, got ${interval}: the last m would be ${last}`,
    {
      remedy: `set similarity.highest to ${last}${multiples}`,
      data: { interval, lowest, highest },
    },
  );
};
