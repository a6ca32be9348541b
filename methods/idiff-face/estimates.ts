import { type OutputEstimate, weightsBytes } from '../../core/estimate.ts';
import type { AutoencoderConfig } from './autoencoder/config.ts';
import { autoencoderSize } from './autoencoder/count.ts';

/** What is known of an autoencoder's weights. */
export const autoencoderOutput = (network: AutoencoderConfig): OutputEstimate => ({
  network: () => network,
  bytes: () => weightsBytes(autoencoderSize(network)),
});
