import type { EstimateStage } from '../../core/estimate.ts';

interface Params {
  readonly data: object;
  readonly recognizer: object;
  readonly groups: number;
}

/** Every image is embedded once. */
export const estimate: EstimateStage<Params> = ({ data, recognizer, groups }, { fact }) => ({
  work: () => fact(data, 'images') * fact(recognizer, 'forward'),
  outputs: {
    centers: {
      facts: {
        groups,
        identities: () => fact(data, 'identities'),
        embedding: () => fact(recognizer, 'embedding'),
      },
      bytes: () => 4 * (fact(data, 'identities') * fact(recognizer, 'embedding') + 3 * fact(data, 'images')),
    },
  },
});
