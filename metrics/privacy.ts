import { CemiflowError } from '../core/errors.ts';
import {
  clusteredProportion,
  differenceOf,
  type Proportion,
  proportionOf,
  type ShareDifference,
} from './proportions.ts';
import { evenEdges, histogram, mean } from './statistics.ts';

/** Identities that were searched in the gallery, each with the real identity that is nearest. */
export interface SearchedIdentities {
  /** int32 [S], ascending, at least one */
  readonly identity: Int32Array;
  /** int32 [S], the real identity whose center is nearest to the identity's */
  readonly nearest: Int32Array;
  /** float32 [S] in [-1, 1], cosine of the two centers */
  readonly similarity: Float32Array;
}

/** Their images, searched one by one: equally many of each identity. */
export interface SearchedImages {
  /** int32 [N], whose image it is */
  readonly identity: Int32Array;
  /** float32 [N] in [-1, 1], cosine to the nearest center of the gallery */
  readonly similarity: Float32Array;
}

/** What the searches of one set of people found. */
export interface Searches {
  readonly identities: SearchedIdentities;
  readonly images: SearchedImages;
}

export interface PrivacyOptions {
  /** False positive identification rate, above 0, at most 0.5: the share of the strangers' searches that may return somebody. */
  readonly fpir: number;
  /** People in the gallery. */
  readonly realIdentities: number;
  /** Images of each generated identity and of each stranger that were used. */
  readonly imagesPerIdentity: number;
  /** Whether the gallery is the inquiries: synthetic identity k was made from inquiry k. */
  readonly fromInquiries: boolean;
  /** Whether the recognizer was trained on the gallery; absent where that is not known. */
  readonly trainedOnGallery?: boolean;
}

/** Searches with one kind of probe: how often they return somebody, for generated identities and for strangers. */
export interface SearchRates {
  /** A search returns somebody if the highest cosine is strictly above this. */
  readonly threshold: number;
  /** The searches that set the threshold: of half of the strangers. */
  readonly calibration: { readonly count: number; readonly total: number };
  /** The searches of the other strangers, who had no part in the threshold: the null. */
  readonly strangers: Proportion;
  readonly generated: Proportion;
  /** The rate of generated identities minus that of strangers. */
  readonly difference: ShareDifference & { readonly conclusion: Conclusion };
  /** Mean cosine to the nearest of the gallery; of strangers, that of the other half. */
  readonly mean: { readonly generated: number; readonly strangers: number };
}

/** What a difference shows with 95 % confidence. `undecided`: the interval holds 0. */
export type Conclusion = 'nearer' | 'farther' | 'undecided';

/** What `evaluate/privacy` keeps as `metrics.json`. */
export interface PrivacyMetrics {
  readonly kind: 'privacy';
  readonly fpir: number;
  readonly realIdentities: number;
  readonly imagesPerIdentity: number;
  /** Absent where it is not known what the recognizer was trained on. */
  readonly trainedOnGallery?: boolean;
  /** Probes are means over the images of an identity. */
  readonly identities: SearchRates;
  /** Probes are single images, with a threshold of their own. */
  readonly images: SearchRates;
  /** Identities by the cosine to the nearest of the gallery; `strangers`: those who did not set the threshold. */
  readonly histogram: {
    readonly edges: readonly number[];
    readonly counts: readonly number[];
    readonly strangers: readonly number[];
  };
  readonly perIdentity: {
    readonly identities: readonly number[];
    readonly nearest: readonly number[];
    readonly similarity: readonly number[];
  };
  /**
   * Identities whose nearest real one is the inquiry that they were made from, the share that chance alone would give, and how
   * many of them are above the threshold.
   */
  readonly ownInquiry?: { readonly nearest: Proportion; readonly chance: number; readonly above: number };
}

/** The same rates for generated identities and for strangers, under one search. @throws CemiflowError `TooFewStrangers` */
export const privacyMetrics = (
  { generated, strangers }: { readonly generated: Searches; readonly strangers: Searches },
  { fpir, realIdentities, imagesPerIdentity, fromInquiries, trainedOnGallery }: PrivacyOptions,
): PrivacyMetrics => {
  requireStrangers(strangers.identities.identity.length, fpir);
  const { identity, nearest, similarity } = generated.identities;
  const halves = halvesOf(strangers);
  const identities = identityRates(similarity, halves, fpir);
  const own = [...identity.keys()].filter((i) => identity[i] === nearest[i]);
  const edges = evenEdges(-1, 1, 80);
  return {
    ...{ kind: 'privacy', fpir, realIdentities, imagesPerIdentity },
    ...(trainedOnGallery !== undefined && { trainedOnGallery }),
    identities,
    images: imageRates(generated.images, halves, fpir),
    histogram: {
      edges,
      counts: histogram(similarity, edges),
      strangers: histogram(halves.null.identities, edges),
    },
    perIdentity: { identities: [...identity], nearest: [...nearest], similarity: [...similarity] },
    ...(fromInquiries && {
      ownInquiry: {
        nearest: proportionOf(own.length, identity.length),
        chance: 1 / realIdentities,
        above: own.filter((i) => (similarity[i] as number) > identities.threshold).length,
      },
    }),
  };
};

/**
 * Refuses strangers of whom neither half can show the rate: in each, one search above the threshold must be allowed.
 *
 * @throws CemiflowError `TooFewStrangers`
 */
export const requireStrangers = (strangers: number, fpir: number): void => {
  const needed = 2 * Math.ceil(1 / fpir - rounding);
  if (strangers >= needed) return;
  throw new CemiflowError(
    'TooFewStrangers',
    `a false positive identification rate of ${fpir} takes at least ${needed} strangers, half of them to set the threshold, got ${strangers}`,
    { remedy: `give ${needed} strangers or more, or raise fpir`, data: { needed, strangers, fpir } },
  );
};

/** What a product such as 0.29 × 100 may lack of a whole number. */
const rounding = 1e-9;

/**
 * The threshold of a search: of n non-mated searches, at most ⌊fpir · n⌋ are strictly above it, and exactly so many unless
 * cosines are equal. It is the cosine that comes next after so many of the highest.
 */
export const searchThreshold = (cosines: Float32Array, fpir: number): number => {
  const allowed = Math.floor(fpir * cosines.length + rounding);
  return Float32Array.from(cosines)
    .sort()
    .at(-1 - allowed) as number;
};

/** The strangers in the order of their numbers, alternating: the first, third, … set the threshold, the others check it. */
interface Halves {
  readonly calibration: Half;
  readonly null: Half;
}
interface Half {
  /** float32, cosine to the nearest of the gallery, of each stranger */
  readonly identities: Float32Array;
  /** The same of the strangers' images. */
  readonly images: SearchedImages;
}

const halvesOf = ({ identities, images }: Searches): Halves => {
  const places = new Map([...identities.identity].map((identity, place) => [identity, place]));
  const half = (rest: 0 | 1): Half => {
    const rows = [...images.identity.keys()].filter((row) => {
      return (places.get(images.identity[row] as number) as number) % 2 === rest;
    });
    return {
      identities: identities.similarity.filter((_, place) => place % 2 === rest),
      images: {
        identity: Int32Array.from(rows, (row) => images.identity[row] as number),
        similarity: Float32Array.from(rows, (row) => images.similarity[row] as number),
      },
    };
  };
  return { calibration: half(0), null: half(1) };
};

const identityRates = (generated: Float32Array, halves: Halves, fpir: number): SearchRates => {
  const [set, checked] = [halves.calibration.identities, halves.null.identities];
  const threshold = searchThreshold(set, fpir);
  const rate = (cosines: Float32Array): Proportion => proportionOf(above(cosines, threshold), cosines.length);
  return {
    ...ratesOf(threshold, set, rate(checked), rate(generated)),
    mean: { generated: mean(generated), strangers: mean(checked) },
  };
};

const imageRates = (generated: SearchedImages, halves: Halves, fpir: number): SearchRates => {
  const [set, checked] = [halves.calibration.images, halves.null.images];
  const threshold = searchThreshold(set.similarity, fpir);
  return {
    ...ratesOf(threshold, set.similarity, imageRate(checked, threshold), imageRate(generated, threshold)),
    mean: { generated: mean(generated.similarity), strangers: mean(checked.similarity) },
  };
};

const ratesOf = (
  threshold: number,
  set: Float32Array,
  strangers: Proportion,
  generated: Proportion,
): Omit<SearchRates, 'mean'> => {
  const difference = differenceOf(generated, strangers);
  return {
    threshold,
    calibration: { count: above(set, threshold), total: set.length },
    strangers,
    generated,
    difference: { ...difference, conclusion: concluded(difference) },
  };
};

const above = (cosines: Float32Array, threshold: number): number =>
  cosines.filter((cosine) => cosine > threshold).length;

/** Images of one identity are alike, so that each identity is a cluster. */
const imageRate = ({ identity, similarity }: SearchedImages, threshold: number): Proportion => {
  const counts = new Map([...identity].map((each) => [each, 0]));
  for (const [row, each] of identity.entries())
    if ((similarity[row] as number) > threshold) counts.set(each, (counts.get(each) as number) + 1);
  return clusteredProportion([...counts.values()], identity.length / counts.size);
};

const concluded = ({ lowest, highest }: ShareDifference): Conclusion =>
  lowest > 0 ? 'nearer' : highest < 0 ? 'farther' : 'undecided';
