import type { EstimateStage } from '../../core/estimate.ts';

interface Params {
  readonly data: object;
  readonly others: readonly { readonly data: object }[];
  readonly recognizer?: object;
}

/** Where people are compared, every image and its mirror image are embedded. The search among them is not counted. */
export const estimate: EstimateStage<Params> = ({ data, others, recognizer }, { fact }) => ({
  ...(recognizer && {
    work: () =>
      [data, ...others.map((each) => each.data)].reduce((sum, set) => sum + fact(set, 'images'), 0) *
      2 *
      fact(recognizer, 'forward'),
  }),
  outputs: {},
});
