import { type EstimateStage, imagesSeen, trained } from '../../../core/estimate.ts';
import type { AutoencoderConfig } from '../autoencoder/config.ts';
import { decoderMultiplications, encoderMultiplications } from '../autoencoder/count.ts';
import { autoencoderOutput } from '../estimates.ts';

interface Params {
  readonly data: object;
  readonly network: AutoencoderConfig;
  readonly epochs: number;
  readonly batch: number;
}

/** Encoder and decoder together. */
export const estimate: EstimateStage<Params> = (params, { fact }) => {
  const { data, network } = params;
  const ofImage = (): number => {
    const sides = { height: fact(data, 'height'), width: fact(data, 'width') };
    return encoderMultiplications(network, sides) + decoderMultiplications(network, sides);
  };
  return {
    work: () => imagesSeen(fact(data, 'images'), params) * trained(ofImage()),
    outputs: { weights: autoencoderOutput(network) },
  };
};
