import { type EstimateStage, imageBytes } from '../../core/estimate.ts';

interface Params {
  readonly size: number;
}

/** Images of one size, as many as the spec expects. */
export const estimate: EstimateStage<Params> = ({ size }, { expected }) => {
  const imageSize = imageBytes('png', size, size);
  return {
    outputs: { data: { facts: { height: size, width: size, imageSize }, bytes: () => expected('images') * imageSize } },
  };
};
