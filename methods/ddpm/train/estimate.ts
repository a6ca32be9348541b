import { type EstimateStage, imagesSeen, trained } from '../../../core/estimate.ts';
import type { UNetConfig } from '../../../nn/unet/config.ts';
import { unetMultiplications, unetSize } from '../../../nn/unet/count.ts';
import type { GridOptions } from '../../../training/diffusion/method.ts';
import { generatorOutput, gridPasses } from '../../../training/estimates.ts';

interface Params {
  readonly data: object;
  readonly network: Omit<UNetConfig, 'imageSize' | 'conditionSize' | 'conditionProjection'>;
  readonly epochs: number;
  readonly batch: number;
  readonly recompute: boolean;
  readonly samples: GridOptions | null;
}

/** Nothing runs beside the UNet. */
export const estimate: EstimateStage<Params> = (params, { fact }) => {
  const side = (): number => fact(params.data, 'height');
  const network = (): UNetConfig => ({
    ...params.network,
    imageSize: side(),
    // As network.ts says it, which loads the UNet itself.
    ...{ conditionSize: 1, conditionProjection: 'none' },
  });
  const forward = (): number => unetMultiplications(network());
  return {
    work: () =>
      imagesSeen(fact(params.data, 'images'), params) * trained(forward(), params) + gridPasses(params) * forward(),
    outputs: { weights: generatorOutput({ network, forward, side, values: () => unetSize(network()) }) },
  };
};
