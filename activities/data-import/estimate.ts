import { type EstimateStage, imageBytes } from '../../core/estimate.ts';

interface Params {
  readonly size: number;
  readonly fit: 'exact' | 'cover';
}

/** Images of one size, as many as the spec expects: nothing but the files themselves could say it. */
export const estimate: EstimateStage<Params> = ({ size, fit }, { expected }) => {
  const imageSize = imageBytes(fit === 'cover' ? 'png' : 'jpeg', size, size);
  return {
    outputs: {
      data: { facts: { height: size, width: size, imageSize }, bytes: () => expected('images') * imageSize },
    },
  };
};
