import { readMetricsOf } from '../../artifacts/codecs/metrics.ts';
import { verificationKind } from '../../artifacts/codecs/metrics-kinds.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { CemiflowError } from '../../core/errors.ts';
import type { ArtifactStore } from '../../core/stage.ts';

/**
 * Squared distance under which the recognizer judges two images to be of one person.
 *
 * @param metrics of the recognizer's verification
 * @throws CemiflowError `PrivacyInvalid` where they have no such set, `ArtifactInvalid`
 */
export const thresholdOf = async (
  store: Pick<ArtifactStore, 'getArtifact' | 'getBlob'>,
  metrics: ArtifactRef,
  set: string,
): Promise<number> => {
  const { sets } = await readMetricsOf(store, metrics, verificationKind);
  const found = sets[set];
  if (found) return found.threshold;
  throw new CemiflowError('PrivacyInvalid', `metrics ${metrics.digest} hold no threshold of ${set}`, {
    remedy: `set: one of ${Object.keys(sets).join(', ')}`,
    data: { set, metrics: metrics.digest },
  });
};
