import { drawnSet, type EstimateStage } from '../../../core/estimate.ts';

interface Params {
  readonly identities: number;
  readonly sets: number;
  readonly imagesPerSet: number;
  readonly size: number;
}

export const estimate: EstimateStage<Params> = ({ identities, sets, imagesPerSet, size }) =>
  drawnSet(identities, identities * sets * imagesPerSet, size);
