import { type EstimateStage, imageBytes } from '../../../core/estimate.ts';

interface Params {
  readonly generator: object;
  readonly identities: number;
  readonly images: number;
}

/** The decoder runs once for each image. */
export const estimate: EstimateStage<Params> = ({ generator, identities, images: each }, { fact }) => {
  const images = identities * each;
  const imageSize = (): number => imageBytes('png', fact(generator, 'height'), fact(generator, 'width'));
  return {
    work: () => images * fact(generator, 'forward'),
    outputs: {
      data: {
        facts: {
          ...{ identities, images, imageSize },
          height: () => fact(generator, 'height'),
          width: () => fact(generator, 'width'),
        },
        bytes: () => images * imageSize(),
      },
    },
  };
};
