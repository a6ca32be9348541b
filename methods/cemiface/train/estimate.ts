import { type EstimateStage, imagesSeen, passedThrough, trained } from '../../../core/estimate.ts';
import { imageSides, type RecognizerConfig } from '../../../nn/recognizer/config.ts';
import type { GridOptions } from '../../../training/diffusion/method.ts';
import { embedded, generatorOutput, gridPasses } from '../../../training/estimates.ts';
import type { CemiFaceNetwork } from '../config.ts';
import { cemifaceMultiplications, cemifaceSize } from '../count.ts';

interface Params {
  readonly data: object;
  readonly recognizer: object;
  readonly network: Omit<CemiFaceNetwork, 'imageSize' | 'identitySize'>;
  readonly epochs: number;
  readonly batch: number;
  readonly recompute: boolean;
  readonly flip: boolean;
  readonly samples: GridOptions | null;
}

/** All images are embedded first; in each step the gradient passes through the frozen recognizer too. */
export const estimate: EstimateStage<Params> = (params, known) => {
  const { data, recognizer } = params;
  const { fact } = known;
  const network = (): CemiFaceNetwork => {
    const config = known.network<RecognizerConfig>(recognizer);
    return { ...params.network, imageSize: imageSides(config)[0], identitySize: config.embedding };
  };
  const forward = (): number => cemifaceMultiplications(network());
  const guide = (): number => fact(recognizer, 'forward');
  return {
    work: () =>
      embedded(params, params.flip, known) +
      imagesSeen(fact(data, 'images'), params) * (trained(forward(), params) + passedThrough(guide())) +
      gridPasses(params) * forward(),
    outputs: {
      weights: generatorOutput({
        ...{ network, forward },
        values: () => cemifaceSize(network()),
        side: () => network().imageSize,
        others: { guide },
      }),
    },
  };
};
