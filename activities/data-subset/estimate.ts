import type { EstimateStage } from '../../core/estimate.ts';

interface Params {
  readonly data: object;
  readonly group: { readonly centers: object } | null;
  readonly identities: number;
  readonly images: number;
}

/** The share of identities that is taken, and of each at most so many images: as if all had equally many. */
export const estimate: EstimateStage<Params> = ({ data, group, ...wanted }, { fact }) => {
  const identities = (): number => Math.min(fact(data, 'identities'), wanted.identities || Number.POSITIVE_INFINITY);
  const images = (): number => {
    const ofGroup = fact(data, 'images') / (group ? fact(group.centers, 'groups') : 1);
    const each = ofGroup / fact(data, 'identities');
    return Math.round(identities() * Math.min(each, wanted.images || Number.POSITIVE_INFINITY));
  };
  return {
    outputs: {
      data: {
        facts: {
          ...{ images, identities },
          height: () => fact(data, 'height'),
          width: () => fact(data, 'width'),
          imageSize: () => fact(data, 'imageSize'),
        },
        bytes: () => images() * fact(data, 'imageSize'),
      },
    },
  };
};
