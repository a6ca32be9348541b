import { evenEdges, histogram, mean } from './statistics.ts';

/** The nearest real identity of every synthetic one, as `evaluate/privacy` keeps them. */
export interface NearestReal {
  /** int32 [S], ascending: the synthetic identities, at least one */
  readonly identity: Int32Array;
  /** int32 [S], the real identity whose center is nearest to the synthetic identity's */
  readonly nearest: Int32Array;
  /** float32 [S] in [-1, 1], cosine of the two centers */
  readonly similarity: Float32Array;
}

export interface PrivacyOptions {
  /** The verification set whose threshold is taken. */
  readonly set: string;
  /** Mean threshold of that set, a squared Euclidean distance of unit embeddings, 0 … 4. */
  readonly distance: number;
  readonly realIdentities: number;
  /** Whether the real people are the inquiries: synthetic identity k was made from inquiry k. */
  readonly fromInquiries: boolean;
}

interface Above {
  readonly count: number;
  /** 0 … 1 */
  readonly share: number;
}

/** What `evaluate/privacy` keeps as `metrics.json`. */
export interface PrivacyMetrics {
  readonly kind: 'privacy';
  readonly set: string;
  /** The recognizer judges two images to be of one person if their cosine is strictly above this. */
  readonly threshold: number;
  readonly realIdentities: number;
  readonly identities: Above & { readonly total: number };
  readonly images: Above & { readonly total: number };
  /** Mean over synthetic identities of the cosine to the nearest real one. */
  readonly mean: number;
  readonly highest: number;
  /** Synthetic identities by the cosine to the nearest real one. */
  readonly histogram: { readonly edges: number[]; readonly counts: number[] };
  readonly perIdentity: { readonly identities: number[]; readonly nearest: number[]; readonly similarity: number[] };
  /** Identities whose nearest real one is the inquiry that they were made from; `above`: those of them above the threshold. */
  readonly ownInquiry?: { readonly nearest: number; readonly above: number };
}

/** Cosine of unit vectors whose squared Euclidean distance is d: |a − b|² = 2 − 2 cos. */
export const cosineOfDistance = (d: number): number => 1 - d / 2;

/** @param imageSimilarity float32 [N], cosine of each image to the real center nearest to it, at least one */
export const privacyMetrics = (
  { identity, nearest, similarity }: NearestReal,
  imageSimilarity: Float32Array,
  { set, distance, realIdentities, fromInquiries }: PrivacyOptions,
): PrivacyMetrics => {
  const threshold = cosineOfDistance(distance);
  // Verification judges a distance strictly below the threshold as one person: here a cosine strictly above.
  const isAbove = (cosine: number): boolean => cosine > threshold;
  const above = (cosines: Float32Array): Above & { total: number } => {
    const count = cosines.filter(isAbove).length;
    return { count, share: count / cosines.length, total: cosines.length };
  };
  const own = [...identity.keys()].filter((i) => identity[i] === nearest[i]);
  const edges = evenEdges(-1, 1, 80);
  return {
    ...{ kind: 'privacy', set, threshold, realIdentities },
    identities: above(similarity),
    images: above(imageSimilarity),
    mean: mean(similarity),
    highest: similarity.reduce((top, value) => Math.max(top, value)),
    histogram: { edges, counts: histogram(similarity, edges) },
    perIdentity: { identities: [...identity], nearest: [...nearest], similarity: [...similarity] },
    ...(fromInquiries
      ? { ownInquiry: { nearest: own.length, above: own.filter((i) => isAbove(similarity[i] as number)).length } }
      : {}),
  };
};
