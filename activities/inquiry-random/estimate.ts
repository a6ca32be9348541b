import type { EstimateStage } from '../../core/estimate.ts';

interface Params {
  readonly recognizer: object;
  readonly count: number;
}

/** Vectors without images. */
export const estimate: EstimateStage<Params> = ({ recognizer, count }, { fact }) => ({
  outputs: {
    inquiries: {
      facts: { identities: count, images: 0, embedding: () => fact(recognizer, 'embedding') },
      bytes: () => count * 4 * fact(recognizer, 'embedding'),
    },
  },
});
