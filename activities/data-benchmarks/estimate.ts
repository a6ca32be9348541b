import { type EstimateStage, imageBytes } from '../../core/estimate.ts';

interface Params {
  readonly sets: readonly string[];
  readonly pairs: number;
  readonly size: number;
}

/** Two images a pair. (Pairs of different people take photos that pairs of one person have, so that there may be fewer.) */
export const estimate: EstimateStage<Params> = ({ sets, pairs, size }) => {
  const images = 2 * pairs * sets.length;
  return {
    outputs: {
      benchmarks: {
        facts: { images, height: size, width: size },
        bytes: images * imageBytes('png', size, size),
      },
    },
  };
};
