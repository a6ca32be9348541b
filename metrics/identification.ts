import type { Channels } from './verification.ts';

/** Ranks that the cumulative match characteristic shows, at most. */
const mostRanks = 50;

/** What `evaluate/identification` keeps as `metrics.json`: closed-set 1:N identification (terms of ISO/IEC 19795-1). */
export interface IdentificationMetrics {
  readonly kind: 'identification';
  readonly channels: Channels;
  /** People in the gallery. */
  readonly gallery: number;
  /** Images of each of them that were enrolled; 0: all of the gallery's set. */
  readonly galleryImages: number;
  readonly probes: number;
  /** Probes that were left out because the person they show is not in the gallery. */
  readonly withoutMate: number;
  /** Share of probes whose own person is the most similar of the gallery. */
  readonly rank1: number;
  /** Share of probes whose own person is among the five most similar. */
  readonly rank5: number;
  /** Cumulative match characteristic: share of probes with rank r or better, for r = 1, 2, … */
  readonly cmc: number[];
}

export interface IdentificationFacts {
  readonly channels: Channels;
  readonly gallery: number;
  readonly galleryImages: number;
  readonly withoutMate: number;
}

/**
 * The rank of a probe's own person: 1 plus the others of the gallery that are at least as similar. Equal similarity counts against
 * the probe, so that embeddings that are all alike identify nobody.
 *
 * @param cosines of the probe to every person of the gallery @param own place of its own person among them
 */
export const rankOf = (cosines: Float32Array, own: number): number => {
  const limit = cosines[own] as number;
  let rank = 0;
  for (let i = 0; i < cosines.length; i++) if ((cosines[i] as number) >= limit) rank++;
  return rank;
};

/** @param rank int32 [P], 1 … people in the gallery, of each probe; at least one */
export const identificationMetrics = (
  rank: Int32Array,
  { channels, gallery, galleryImages, withoutMate }: IdentificationFacts,
): IdentificationMetrics => {
  const within = new Array<number>(Math.min(gallery, mostRanks)).fill(0);
  for (const each of rank) if (each <= within.length) within[each - 1] = (within[each - 1] as number) + 1;
  let sum = 0;
  const cmc = within.map((count) => {
    sum += count;
    return sum / rank.length;
  });
  return {
    ...{ kind: 'identification', channels, gallery, galleryImages, probes: rank.length, withoutMate },
    rank1: cmc[0] as number,
    rank5: cmc[Math.min(5, cmc.length) - 1] as number,
    cmc,
  };
};
