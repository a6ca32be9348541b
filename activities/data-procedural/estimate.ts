import { drawnSet, type EstimateStage } from '../../core/estimate.ts';

interface Params {
  readonly identities: number;
  readonly images: number;
  readonly size: number;
}

export const estimate: EstimateStage<Params> = ({ identities, images, size }) =>
  drawnSet(identities, identities * images, size);
