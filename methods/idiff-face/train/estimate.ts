import { type EstimateStage, imagesSeen, trained } from '../../../core/estimate.ts';
import { imageSides, type RecognizerConfig } from '../../../nn/recognizer/config.ts';
import type { GridOptions } from '../../../training/diffusion/method.ts';
import { embedded, generatorOutput, gridPasses } from '../../../training/estimates.ts';
import { type AutoencoderConfig, downsampling } from '../autoencoder/config.ts';
import { decoderMultiplications, encoderMultiplications } from '../autoencoder/count.ts';
import type { ContextUNet } from '../unet/config.ts';
import { unetMultiplications, unetSize } from '../unet/count.ts';

interface Params {
  readonly data: object;
  readonly recognizer: object;
  readonly autoencoder: object;
  readonly network: Omit<ContextUNet, 'side' | 'channels' | 'identitySize'>;
  readonly epochs: number;
  readonly batch: number;
  readonly recompute: boolean;
  readonly samples: GridOptions | null;
}

/** All images are embedded first, and each is encoded in each step that shows it. */
export const estimate: EstimateStage<Params> = (params, known) => {
  const { data, recognizer } = params;
  const { fact } = known;
  const side = (): number => imageSides(known.network<RecognizerConfig>(recognizer))[0];
  const sides = () => ({ height: side(), width: side() });
  const autoencoder = (): AutoencoderConfig => known.network<AutoencoderConfig>(params.autoencoder);
  const network = (): ContextUNet => ({
    ...params.network,
    side: side() / downsampling(autoencoder()),
    channels: autoencoder().channels,
    identitySize: fact(recognizer, 'embedding'),
  });
  const forward = (): number => unetMultiplications(network());
  return {
    work: () =>
      embedded(params, false, known) +
      imagesSeen(fact(data, 'images'), params) *
        (trained(forward(), params) + encoderMultiplications(autoencoder(), sides())) +
      gridPasses(params) * forward(),
    outputs: {
      weights: generatorOutput({
        ...{ network, forward, side },
        values: () => unetSize(network()),
        others: {
          guide: () => fact(recognizer, 'forward'),
          decode: () => decoderMultiplications(autoencoder(), sides()),
        },
      }),
    },
  };
};
