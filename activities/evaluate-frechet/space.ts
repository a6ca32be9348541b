import type { Artifact } from '../../artifacts/codec.ts';
import { isInception } from '../../artifacts/codecs/inception.ts';
import type { WeightsMeta } from '../../artifacts/codecs/weights.ts';
import type { FrechetMetrics } from '../../metrics/frechet.ts';

/** The space as metrics state it: not at all where it is a recognizer's, so that those of before stay what they are. */
export const spaceOf = (weights: Artifact<WeightsMeta>): Pick<FrechetMetrics, 'space'> =>
  isInception(weights) ? { space: 'inception' } : {};
