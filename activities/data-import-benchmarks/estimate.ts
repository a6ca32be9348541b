import { type EstimateStage, imageBytes } from '../../core/estimate.ts';

interface Params {
  readonly size: number;
}

/** Images of one size, as many as the spec expects in all sets together. */
export const estimate: EstimateStage<Params> = ({ size }, { expected }) => {
  const imageSize = imageBytes('jpeg', size, size);
  return {
    outputs: {
      benchmarks: { facts: { height: size, width: size }, bytes: () => expected('images') * imageSize },
    },
  };
};
