import type { EstimateStage } from '../../core/estimate.ts';

interface Params {
  readonly data: object;
  readonly reference: object;
  readonly recognizer: object;
  readonly images: number;
}

/** So many images of each set are embedded, and their embeddings stored. */
export const estimate: EstimateStage<Params> = ({ data, reference, recognizer, images }, { fact }) => {
  const embedded = (): number => [data, reference].reduce((sum, set) => sum + Math.min(images, fact(set, 'images')), 0);
  return {
    work: () => embedded() * fact(recognizer, 'forward'),
    outputs: { scores: { bytes: () => embedded() * 4 * (fact(recognizer, 'embedding') + 2) } },
  };
};
