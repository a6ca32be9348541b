import type { EstimateStage } from '../../core/estimate.ts';

interface Params {
  readonly data: object;
  readonly inquiries: object;
  readonly recognizer: object;
}

/** Every image is embedded, and every inquiry that is one; a number for each image is stored. */
export const estimate: EstimateStage<Params> = ({ data, inquiries, recognizer }, { fact }) => ({
  work: () => (fact(data, 'images') + fact(inquiries, 'images')) * fact(recognizer, 'forward'),
  outputs: { scores: { bytes: () => 12 * fact(data, 'images') } },
});
