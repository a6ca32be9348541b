import type { Mixture } from '../../../artifacts/codecs/dataset.ts';
import { CemiflowError, type JsonObject } from '../../../core/errors.ts';
import { randomStream } from '../../../core/random.ts';

/**
 * The parameter `m`: one value, a grid (an image for each value, all from one noise), or a mixture (CemiFace tables 2 and 3).
 */
export type WantedSimilarity = number | readonly number[] | Mixture;

export const isGrid = (m: WantedSimilarity): m is readonly number[] => Array.isArray(m);

/** @throws CemiflowError `IntervalEmpty` where lowest is above highest */
export const checkMixture = (m: WantedSimilarity): void => {
  if (typeof m === 'number' || isGrid(m) || 'among' in m || m.lowest <= m.highest) return;
  const { lowest, highest } = m;
  throw new CemiflowError('IntervalEmpty', `m.lowest must not be above m.highest, got ${lowest} and ${highest}`, {
    remedy: 'exchange m.lowest and m.highest',
    data: { lowest, highest },
  });
};

/**
 * The m of one image, a function of seed, identity and image number alone, so that a set that grows keeps its images.
 *
 * The values of `among` come in turn. Each subject begins with the next value, so that shares are also equal where a subject
 * has fewer images than there are values.
 */
export const similarityOf = (
  m: WantedSimilarity,
  { seed, identity, image }: { readonly seed: number; readonly identity: number; readonly image: number },
): number => {
  if (typeof m === 'number') return m;
  if (isGrid(m)) return m[image] as number;
  if ('among' in m) return m.among[(identity + image) % m.among.length] as number;
  return m.lowest + (m.highest - m.lowest) * randomStream(seed, 'generate m', identity, image)();
};

/** What a dataset states of its m. */
export const similarityMeta = (m: WantedSimilarity): JsonObject => {
  if (typeof m === 'number') return { m };
  if (isGrid(m)) return { grid: { m: [...m] } };
  return { mixture: 'among' in m ? { among: [...m.among] } : { lowest: m.lowest, highest: m.highest } };
};
