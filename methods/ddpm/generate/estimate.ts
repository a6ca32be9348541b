import { type EstimateStage, imageBytes } from '../../../core/estimate.ts';

interface Params {
  readonly generator: object;
  readonly identities: number;
  readonly steps: number;
}

/** One image a person. */
export const estimate: EstimateStage<Params> = ({ generator, identities, steps }, { fact }) => {
  const imageSize = (): number => imageBytes('png', fact(generator, 'height'), fact(generator, 'width'));
  return {
    work: () => identities * steps * fact(generator, 'forward'),
    outputs: {
      data: {
        facts: {
          ...{ identities, images: identities, imageSize },
          height: () => fact(generator, 'height'),
          width: () => fact(generator, 'width'),
        },
        bytes: () => identities * imageSize(),
      },
    },
  };
};
