import { drawnPeople, type People } from '../artifacts/people.ts';
import { permutation, randomStream } from '../core/random.ts';
import { baseAge, type Identity, identityDistance, identityVector, resemble } from './identity.ts';
import { everyday, type PhotoConditions } from './photo.ts';

/** The five verification sets, named after what they imitate, in the order that papers print them. */
export const benchmarkSets = ['lfw', 'cfp_fp', 'agedb_30', 'calfw', 'cplfw'] as const;
export type BenchmarkSet = (typeof benchmarkSets)[number];

/** What makes a set hard. `setKnobs` holds the values of all sets. */
export interface SetKnobs {
  /** Of the first and of the second image of a pair. */
  readonly pose: readonly [PhotoConditions['pose'], PhotoConditions['pose']];
  /** Years between the two images of a pair. */
  readonly ageGap: number;
  /** Factor on the variation of photos. */
  readonly variation: number;
  /** Factor on blur, noise, compression and occlusion. */
  readonly wear: number;
  /** Candidates from which the nearest becomes the other person of a different pair; multiplied by the stage's `lookAlikes`. */
  readonly lookAlikes: number;
}

export const setKnobs: Record<BenchmarkSet, SetKnobs> = {
  lfw: { pose: ['everyday', 'everyday'], ageGap: 0, variation: 1, wear: 1, lookAlikes: 1 },
  cfp_fp: { pose: ['frontal', 'profile'], ageGap: 0, variation: 1, wear: 1, lookAlikes: 1 },
  agedb_30: { pose: ['everyday', 'everyday'], ageGap: 30, variation: 1, wear: 1, lookAlikes: 1 },
  calfw: { pose: ['everyday', 'everyday'], ageGap: 20, variation: 1, wear: 1, lookAlikes: 3 },
  cplfw: { pose: ['wide', 'wide'], ageGap: 0, variation: 1.1, wear: 1, lookAlikes: 3 },
};

export interface SetRequest {
  readonly set: BenchmarkSet;
  /** A multiple of 20: ten folds, half of each same. */
  readonly pairs: number;
  /** At least 20; cut into ten groups, one for each fold. */
  readonly identities: number;
  readonly population: string;
  readonly variation: number;
  readonly wear: number;
  /** Candidates from which the other person of a different pair is chosen; 1 takes any person. */
  readonly lookAlikes: number;
  /** 0 … 1: share of the people of each fold who are taken from `overlapWith`. */
  readonly overlap: number;
  /** A population of training people. */
  readonly overlapWith: string;
  /** 0 … 0.95: share of each factor that the two members of a family (2i, 2i + 1) have in common. */
  readonly kinship: number;
}

export interface PlannedImage {
  readonly identity: Identity;
  /** Number of the person inside the benchmarks. */
  readonly label: number;
  readonly image: number;
  readonly conditions: PhotoConditions;
}

/** A set before it is drawn; pairs name images by their place in `images`. */
export interface SetPlan {
  readonly images: readonly PlannedImage[];
  readonly left: Int32Array;
  readonly right: Int32Array;
  readonly same: Uint8Array;
  readonly fold: Int32Array;
}

const folds = 10;
/** Sets use disjoint ranges of people. */
const identitiesPerSet = 1_000_000;

/**
 * Plans a verification set. Every same pair gets two new photos; different pairs combine a first photo with a
 * second photo of another person of the fold, so that both kinds of pair show the same conditions. No person is in two folds.
 */
export const planSet = (seed: number, request: SetRequest): SetPlan => {
  const knobs = setKnobs[request.set];
  const perFold = Math.floor(request.identities / folds);
  const half = request.pairs / folds / 2;
  const first = benchmarkSets.indexOf(request.set) * identitiesPerSet;
  const images: PlannedImage[] = [];
  const left: number[] = [];
  const right: number[] = [];
  const same: number[] = [];
  const fold: number[] = [];
  const add = (a: number, b: number, equal: number, f: number): void => {
    left.push(a);
    right.push(b);
    same.push(equal);
    fold.push(f);
  };
  for (let f = 0; f < folds; f++) {
    const people = familiesOf(seed, request, first, f, perFold);
    const base = images.length;
    for (let p = 0; p < half; p++) {
      const identity = people[p % perFold] as Identity;
      const label = first + f * perFold + (p % perFold);
      const round = 2 * Math.floor(p / perFold);
      // Which of the two is the older, or the profile, changes from pair to pair.
      const swap = (p + f) % 2;
      for (let side = 0; side < 2; side++) {
        const image = round + side;
        images.push({ identity, label, image, conditions: conditionsOf(knobs, request, identity, side ^ swap) });
      }
      add(base + 2 * p, base + 2 * p + 1, 1, f);
    }
    for (let p = 0; p < half; p++) {
      const swap = (p + f) % 2;
      const a = base + 2 * p;
      const b = lookAlike(seed, request, images, a, f, (q) => base + 2 * q + ((q + f) % 2 === swap ? 1 : 0), half);
      add(a, b, 0, f);
    }
  }
  return {
    images,
    left: Int32Array.from(left),
    right: Int32Array.from(right),
    same: Uint8Array.from(same),
    fold: Int32Array.from(fold),
  };
};

/** Populations of benchmarks have names that no training set can ask for. */
const populationOf = ({ population }: Pick<SetRequest, 'population'>): string => `benchmark ${population}`;

/** People of each fold who are taken from a training population. */
const sharedPerFold = ({ identities, overlap }: Pick<SetRequest, 'identities' | 'overlap'>): number =>
  Math.round(Math.floor(identities / folds) * overlap);

/** The people that a set shows. */
export const peopleOfSet = (
  seed: number,
  request: Pick<SetRequest, 'set' | 'identities' | 'population' | 'overlap' | 'overlapWith'>,
): People[] => {
  const perFold = Math.floor(request.identities / folds);
  const shared = sharedPerFold(request);
  const first = benchmarkSets.indexOf(request.set) * identitiesPerSet;
  const own = Array.from({ length: folds }, (_, f) =>
    drawnPeople(seed, populationOf(request), first + f * perFold + shared, perFold - shared),
  );
  const others = shared > 0 ? [drawnPeople(seed, request.overlapWith, 0, folds * shared)] : [];
  return [...own.filter(({ count }) => count > 0), ...others];
};

/** The first people of a fold are those shared with a training population. No person is in two folds. */
const familiesOf = (seed: number, request: SetRequest, first: number, fold: number, count: number): Identity[] => {
  const shared = sharedPerFold(request);
  const people = Array.from({ length: count }, (_, i) =>
    i < shared
      ? identityVector(seed, fold * shared + i, request.overlapWith)
      : identityVector(seed, first + fold * count + i, populationOf(request)),
  );
  return people.map((person, i) => {
    const sibling = people[i - 1];
    return i % 2 === 1 && i > shared && sibling !== undefined && request.kinship > 0
      ? resemble(person, sibling, request.kinship)
      : person;
  });
};

const conditionsOf = (knobs: SetKnobs, request: SetRequest, identity: Identity, side: number): PhotoConditions => {
  // The younger photo is taken between 18 and the person's usual age.
  const youngest = Math.max(-knobs.ageGap / 2, 19 - baseAge(identity));
  return {
    ...everyday,
    variation: knobs.variation * request.variation,
    wear: knobs.wear * request.wear,
    pose: knobs.pose[side] as PhotoConditions['pose'],
    ageShift: knobs.ageGap === 0 ? 0 : youngest + side * knobs.ageGap,
  };
};

/** The photo of somebody else whose person is nearest to that of image `a`, among some drawn at random. */
const lookAlike = (
  seed: number,
  request: SetRequest,
  images: readonly PlannedImage[],
  a: number,
  f: number,
  imageOf: (pair: number) => number,
  half: number,
): number => {
  const { identity, label } = images[a] as PlannedImage;
  const order = permutation(half, seed, 'faces', request.set, request.population, 'different', f, a);
  const uniform = randomStream(seed, 'faces', request.set, request.population, 'candidates', f, a);
  const wanted = Math.max(1, Math.round(request.lookAlikes * setKnobs[request.set].lookAlikes));
  // Not always the hardest: half of the different pairs look among fewer.
  const candidates = uniform() < 0.5 ? wanted : Math.ceil(wanted / 2);
  let best = -1;
  let nearest = Number.POSITIVE_INFINITY;
  let seen = 0;
  for (let i = 0; i < half && seen < candidates; i++) {
    const b = imageOf(order[i] as number);
    const { identity: other, label: otherLabel } = images[b] as PlannedImage;
    if (otherLabel === label) continue;
    seen++;
    const distance = identityDistance(identity, other);
    if (distance < nearest) {
      nearest = distance;
      best = b;
    }
  }
  return best;
};
