import type { EstimateStage } from '../../../core/estimate.ts';
import type { AutoencoderConfig } from '../autoencoder/config.ts';
import { autoencoderOutput } from '../estimates.ts';

/** The network that is named. */
export const estimate: EstimateStage<{ readonly network: AutoencoderConfig }> = ({ network }) => ({
  outputs: { weights: autoencoderOutput(network) },
});
