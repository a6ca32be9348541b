import { type EstimateStage, imageBytes } from '../../../core/estimate.ts';

interface Params {
  readonly identities: number;
  readonly images: number;
  readonly size: number;
}

/** Drawn by plain code: no work of a GPU. */
export const estimate: EstimateStage<Params> = ({ identities, images: each, size }) => {
  const images = identities * each;
  const imageSize = imageBytes('png', size, size);
  return {
    outputs: {
      data: { facts: { images, identities, height: size, width: size, imageSize }, bytes: images * imageSize },
    },
  };
};
