import type { EstimateStage } from '../../core/estimate.ts';

interface Params {
  readonly sets: readonly { readonly data: object }[];
  readonly recognizer: object;
  readonly identities: number;
  readonly images: number;
}

/** The first images of the first identities are embedded, and their embeddings stored. Inquiries and the map itself are not counted. */
export const estimate: EstimateStage<Params> = ({ sets, recognizer, identities, images }, { fact }) => {
  const embedded = (): number =>
    sets.reduce((sum, { data }) => {
      const people = fact(data, 'identities');
      return sum + Math.min(identities, people) * Math.min(images, fact(data, 'images') / people);
    }, 0);
  return {
    work: () => embedded() * fact(recognizer, 'forward'),
    outputs: { scores: { bytes: () => embedded() * 4 * (fact(recognizer, 'embedding') + 2) } },
  };
};
