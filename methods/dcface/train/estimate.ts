import { type EstimateStage, imagesSeen, passedThrough, trained } from '../../../core/estimate.ts';
import type { UNetConfig } from '../../../nn/unet/config.ts';
import type { GridOptions } from '../../../training/diffusion/method.ts';
import { embedded, gridPasses } from '../../../training/estimates.ts';
import type { DcFaceNetwork, StyleConfig } from '../config.ts';
import { dcfaceMultiplications, identityMultiplications, styleMultiplications } from '../count.ts';
import { dcfaceNetwork, dcfaceOutput } from '../estimates.ts';

interface Params {
  readonly data: object;
  readonly recognizer: object;
  readonly network: Omit<UNetConfig, 'imageSize' | 'conditionSize'>;
  readonly style: Omit<StyleConfig, 'channels'>;
  readonly epochs: number;
  readonly batch: number;
  readonly recompute: boolean;
  readonly flip: boolean;
  readonly samples: GridOptions | null;
}

/**
 * E_id is trained with the UNet; the map that styles are read from comes from the frozen recognizer, through which the gradient of the
 * loss passes too.
 */
export const estimate: EstimateStage<Params> = (params, known) => {
  const { data, recognizer } = params;
  const { fact } = known;
  const network = (): DcFaceNetwork => dcfaceNetwork(params.network, params.style, recognizer, known);
  const ofImage = (config: DcFaceNetwork): number =>
    trained(dcfaceMultiplications(config), params) +
    trained(identityMultiplications(config)) +
    styleMultiplications(config) +
    passedThrough(fact(recognizer, 'forward'));
  return {
    work: () =>
      embedded(params, params.flip, known) +
      imagesSeen(fact(data, 'images'), params) * ofImage(network()) +
      gridPasses(params) * dcfaceMultiplications(network()),
    outputs: { weights: dcfaceOutput(network) },
  };
};
