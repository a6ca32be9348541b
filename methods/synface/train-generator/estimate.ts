import { type EstimateStage, imagesSeen, trained, weightsBytes } from '../../../core/estimate.ts';
import { factorNames } from '../../../faces/identity.ts';
import type { VaeConfig } from '../vae/config.ts';
import { decoderMultiplications, encoderMultiplications, vaeSize } from '../vae/count.ts';

interface Params {
  readonly data: object;
  readonly network: Omit<VaeConfig, 'imageSize' | 'identitySize'>;
  readonly epochs: number;
  readonly batch: number;
}

/** Encoder and decoder together. */
export const estimate: EstimateStage<Params> = (params, { fact }) => {
  const side = (): number => fact(params.data, 'height');
  const config = (): VaeConfig => ({ ...params.network, imageSize: side(), identitySize: factorNames.length });
  const forward = (): number => encoderMultiplications(config()) + decoderMultiplications(config());
  return {
    work: () => imagesSeen(fact(params.data, 'images'), params) * trained(forward()),
    outputs: {
      weights: {
        network: config,
        facts: { forward: () => decoderMultiplications(config()), height: side, width: side },
        bytes: () => weightsBytes(vaeSize(config())),
      },
    },
  };
};
