import type { EstimateStage } from '../../core/estimate.ts';

interface Params {
  readonly recognizer: object;
  readonly gallery: object;
  readonly probes?: object;
}

/** Every image and its mirror image are embedded. */
export const estimate: EstimateStage<Params> = ({ recognizer, gallery, probes }, { fact }) => ({
  work: () => 2 * (fact(gallery, 'images') + (probes ? fact(probes, 'images') : 0)) * fact(recognizer, 'forward'),
  outputs: {},
});
