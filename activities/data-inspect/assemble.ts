import type { Census, Matches } from '../../artifacts/inspection.ts';
import type { ComparedSet, InspectedIdentity, InspectionMetrics, Overlap } from '../../metrics/inspection.ts';
import type { PhotosFound } from './photos.ts';
import type { InspectedSet } from './sets.ts';

/** How much is written out. */
export interface Limits {
  readonly minImages: number;
  /** Pairs and identities of each sort. */
  readonly listed: number;
  /** Pairs of each sort that have a picture. */
  readonly pictures: number;
}

type Names = readonly string[];

/** The numbers of the inspected set itself. */
export const setMetrics = (
  { ref, names }: Pick<InspectedSet, 'ref' | 'names'>,
  census: Pick<Census, 'identity'>,
  { minImages, listed }: Limits,
): Pick<InspectionMetrics, 'data' | 'identities' | 'images' | 'imagesPerIdentity' | 'empty' | 'nearEmpty'> => {
  const counts = new Map<number, number>();
  for (const identity of census.identity) counts.set(identity, (counts.get(identity) ?? 0) + 1);
  const sorted = Int32Array.from(counts.values()).sort();
  const at = (place: number): number => sorted[place] ?? 0;
  const half = (sorted.length - 1) / 2;
  const absent = names.filter((name, identity) => name !== '' && !counts.has(identity));
  const few = [...counts].filter(([, images]) => images < minImages).sort(([a, m], [b, n]) => m - n || a - b);
  return {
    data: ref.digest,
    identities: counts.size,
    images: census.identity.length,
    imagesPerIdentity: {
      min: at(0),
      median: (at(Math.floor(half)) + at(Math.ceil(half))) / 2,
      max: at(sorted.length - 1),
    },
    empty: { count: absent.length, names: absent.slice(0, listed) },
    nearEmpty: {
      count: few.length,
      minImages,
      listed: few.slice(0, listed).map(([identity, images]) => ({ ...named(identity, names), images })),
    },
  };
};

/** What was found between two sets, or within one. */
export interface Between {
  /** The place of the other set, from 1; 0 for the inspected set itself. */
  readonly place: number;
  readonly left: Names;
  readonly right: Names;
  readonly photos: PhotosFound;
  /** Undefined without a recognizer. */
  readonly people: Matches | undefined;
}

/** Numbers of photos and people that are there twice. */
export const overlapMetrics = ({ place, left, right, photos, people }: Between, limits: Limits): Overlap => {
  const { bytes, pixels, pairs } = photos;
  const listed = pairs.slice(0, limits.listed).map(([a, b, images], i) => ({
    ...{ left: named(a, left), right: named(b, right), images },
    ...(i < limits.pictures && { picture: picturePath(place, 'photo', i) }),
  }));
  const overlap = { bytes, pixels, identityPairs: pairs.length, samePhoto: listed };
  if (people === undefined) return overlap;
  const above = people.above.reduce((sum, each) => sum + each, 0);
  const nearest = people.similarity.filter((_, i) => people.nearest[i] !== -1);
  return {
    ...overlap,
    samePerson: {
      identities: people.above.filter((each) => each > 0).length,
      // Within a set each pair is counted for both of its identities.
      pairs: place === 0 ? above / 2 : above,
      ...(nearest.length > 0 && { highest: nearest.reduce((a, b) => Math.max(a, b)) }),
      listed: [...people.cosine].map((cosine, i) => ({
        ...{ left: named(people.left[i] as number, left), right: named(people.right[i] as number, right), cosine },
        ...(i < limits.pictures && { picture: picturePath(place, 'person', i) }),
      })),
    },
  };
};

/** The numbers of a set that the inspected one was compared with. */
export const comparedMetrics = (
  { label, ref, set }: Pick<InspectedSet, 'label' | 'ref' | 'set'>,
  { identity }: Pick<Census, 'identity'>,
  overlap: Overlap,
): ComparedSet => ({
  label,
  type: ref.type === 'benchmarks' ? 'benchmarks' : 'dataset',
  data: ref.digest,
  ...(set !== undefined && { set }),
  identities: new Set(identity).size,
  images: identity.length,
  ...overlap,
});

/** File of the picture of a pair. */
export const picturePath = (place: number, sort: 'photo' | 'person', pair: number): string =>
  `pictures/${place}-${sort}-${`${pair}`.padStart(3, '0')}.png`;

const named = (identity: number, names: Names): InspectedIdentity => {
  const name = names[identity];
  return { identity, ...(name && { name }) };
};
