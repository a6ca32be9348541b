import type { EstimateStage } from '../../../core/estimate.ts';
import type { UNetConfig } from '../../../nn/unet/config.ts';
import { dcfaceNetwork, dcfaceOutput } from '../estimates.ts';

interface Params {
  readonly recognizer: object;
  readonly network: Omit<UNetConfig, 'imageSize' | 'conditionSize' | 'conditionProjection'>;
}

/** The grid of styles stands in the file alone: the published checkpoint's is 3, and no other changes the cost by a thousandth. */
const style = { grid: 3, dropout: 0 };

/** The network that is named. */
export const estimate: EstimateStage<Params> = ({ network, recognizer }, known) => ({
  outputs: { weights: dcfaceOutput(() => dcfaceNetwork(network, style, recognizer, known)) },
});
