import type { EstimateStage } from '../../core/estimate.ts';

interface Params {
  readonly centers: object;
  readonly count: number;
}

/** Vectors without images; 0 takes all centers. */
export const estimate: EstimateStage<Params> = ({ centers, count }, { fact }) => {
  const identities = (): number => count || fact(centers, 'identities');
  return {
    outputs: {
      inquiries: {
        facts: { identities, images: 0, embedding: () => fact(centers, 'embedding') },
        bytes: () => identities() * 4 * fact(centers, 'embedding'),
      },
    },
  };
};
