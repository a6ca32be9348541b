import type { EstimateStage } from '../../core/estimate.ts';

interface Params {
  readonly sets: readonly object[];
  readonly numbers: 'own' | 'shared';
}

/** All images, and all identities where each set has its own; where numbers are shared, those of the largest set, the least there can be. */
export const estimate: EstimateStage<Params> = ({ sets, numbers }, { fact }) => {
  const sum = (name: string): number => sets.reduce((total, set) => total + fact(set, name), 0);
  const identities = (): number =>
    numbers === 'own' ? sum('identities') : Math.max(...sets.map((set) => fact(set, 'identities')));
  const bytes = (): number => sets.reduce((total, set) => total + fact(set, 'images') * fact(set, 'imageSize'), 0);
  const [first] = sets as readonly [object];
  return {
    outputs: {
      data: {
        facts: {
          ...{ identities, images: () => sum('images') },
          height: () => fact(first, 'height'),
          width: () => fact(first, 'width'),
          imageSize: () => bytes() / sum('images'),
        },
        bytes,
      },
    },
  };
};
