import { normalStream, randomStream } from '../core/random.ts';
import { clamp } from './noise.ts';

/** What a person is made of: independent standard normal factors. Correlations between traits arise in `traits.ts`. */
export const factorNames = [
  // whole person
  'ancestry',
  'sex',
  'age',
  'weight',
  // skin
  'melanin',
  'blood',
  'undertone',
  'freckles',
  'blotches',
  'shine',
  'moles',
  // hair
  'hairDark',
  'hairRed',
  'hairLength',
  'hairVolume',
  'hairCurl',
  'hairline',
  'recession',
  'parting',
  'fringe',
  'sideburn',
  // eyes
  'eyeSpacing',
  'eyeWidth',
  'eyeOpen',
  'eyeTilt',
  'irisLight',
  'irisHue',
  'eyeDepth',
  'lidFold',
  // brows
  'browThick',
  'browHeight',
  'browTilt',
  'browArch',
  'browLength',
  'browDark',
  // nose
  'noseLength',
  'noseWidth',
  'noseBridge',
  'noseTip',
  'noseUpturn',
  'noseThin',
  'noseHump',
  // mouth
  'mouthWidth',
  'upperLip',
  'lowerLip',
  'mouthHeight',
  'cupid',
  'mouthCorner',
  'lipColour',
  // head
  'faceWidth',
  'jawWidth',
  'chinLength',
  'chinForward',
  'chinWidth',
  'cheekbone',
  'cheekFull',
  'forehead',
  'browRidge',
  'earSize',
  'earOut',
  'headDepth',
  // habits
  'beard',
  'moustache',
  'glasses',
] as const;

export type FactorName = (typeof factorNames)[number];

/** A set of people. Each population has its own random stream, so that no person of the training set occurs in a test set. */
export type Population = string;

export interface Identity {
  readonly population: Population;
  readonly index: number;
  /** float64 [factors], standard normal, in the order of `factorNames` */
  readonly factors: Float64Array;
  /** Seeds skin marks and hair strands. */
  readonly marks: number;
}

/** The vector of one person: a function of (seed, population, index). */
export const identityVector = (seed: number, index: number, population: Population = 'train'): Identity => {
  const uniform = randomStream(seed, 'faces', population, index, 'identity');
  const normal = normalStream(uniform);
  const factors = Float64Array.from(factorNames, () => clamp(normal(), -2.6, 2.6));
  return { population, index, factors, marks: Math.floor(uniform() * 0x7fffffff) };
};

const position = Object.fromEntries(factorNames.map((name, i) => [name, i])) as Record<FactorName, number>;

export const factor = (identity: Identity, name: FactorName): number => identity.factors[position[name]] as number;

/** What people notice first weighs most when look-alikes are sought. */
const weights = Float64Array.from(
  factorNames,
  (name) =>
    ({ ancestry: 3, sex: 3, melanin: 1.5, age: 1.5, hairLength: 1.5, hairDark: 1.5, beard: 1.5, weight: 1.5 })[
      name as string
    ] ?? 1,
);

/** Weighted Euclidean distance of two people: small for look-alikes. */
export const identityDistance = (a: Identity, b: Identity): number => {
  let sum = 0;
  for (let i = 0; i < weights.length; i++) {
    sum += (weights[i] as number) * ((a.factors[i] as number) - (b.factors[i] as number)) ** 2;
  }
  return Math.sqrt(sum);
};

/** Usual age in years. */
export const baseAge = (identity: Identity): number => 33 + 9 * factor(identity, 'age');

/**
 * The same person as a relative of another: each factor keeps unit variance and correlates with the other's.
 *
 * @param share correlation, 0 … 1
 */
export const resemble = (identity: Identity, other: Identity, share: number): Identity => ({
  ...identity,
  factors: identity.factors.map((own, i) => share * (other.factors[i] as number) + Math.sqrt(1 - share * share) * own),
});
