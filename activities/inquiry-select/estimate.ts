import { type EstimateStage, imageBytes } from '../../core/estimate.ts';

interface Params {
  readonly data: object;
  readonly recognizer: object;
  readonly count: number;
  readonly threshold: object | null;
  readonly imagesPerIdentity: number;
  readonly against: readonly { readonly data: object }[];
}

/**
 * At most all candidates are embedded, and those that they are compared with: the selection ends when it has enough. A measured threshold
 * asks for mirror images too.
 */
export const estimate: EstimateStage<Params> = (
  { data, recognizer, count, threshold, imagesPerIdentity, against },
  { fact },
) => {
  const candidates = (): number => Math.min(fact(data, 'images'), fact(data, 'identities') * imagesPerIdentity);
  const compared = (): number => against.reduce((sum, each) => sum + fact(each.data, 'images'), 0);
  return {
    work: () => (candidates() + compared()) * fact(recognizer, 'forward') * (threshold ? 2 : 1),
    outputs: {
      inquiries: {
        facts: {
          ...{ identities: count, images: count },
          height: () => fact(data, 'height'),
          width: () => fact(data, 'width'),
          embedding: () => fact(recognizer, 'embedding'),
        },
        bytes: () =>
          count * (4 * fact(recognizer, 'embedding') + imageBytes('png', fact(data, 'height'), fact(data, 'width'))),
      },
    },
  };
};
