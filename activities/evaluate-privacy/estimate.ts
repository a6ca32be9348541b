import type { EstimateStage } from '../../core/estimate.ts';

interface Params {
  readonly data: object;
  readonly real: object;
  readonly strangers: object;
  readonly recognizer: object;
}

/**
 * Images and mirror images are embedded: those of the gallery, and of generated identities and strangers equally many each. The search is
 * not counted.
 */
export const estimate: EstimateStage<Params> = ({ data, real, strangers, recognizer }, { fact }) => {
  const each = (set: object): number => fact(set, 'images') / fact(set, 'identities');
  const searched = (): number =>
    Math.min(each(data), each(strangers)) * (fact(data, 'identities') + fact(strangers, 'identities'));
  return {
    work: () => 2 * (fact(real, 'images') + searched()) * fact(recognizer, 'forward'),
    outputs: {},
  };
};
