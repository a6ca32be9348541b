import type { ArtifactRef } from '../core/artifact.ts';
import type { Digest } from '../core/digest.ts';
import { CemiflowError } from '../core/errors.ts';
import type { ArtifactReader } from './codec.ts';
import { metricsCodec, metricsIn } from './codecs/metrics.ts';
import { verificationKind } from './codecs/metrics-verification.ts';

/** Where a threshold was measured: metrics of `evaluate/verification`, and one of their sets. */
export interface MeasuredThreshold {
  readonly metrics: ArtifactRef;
  readonly set: string;
}

/**
 * The threshold at which a recognizer judges two images to be of one person, as `evaluate/verification` measured it for this
 * recognizer: the mean over folds. Embeddings were those of image and mirror image added.
 *
 * @returns a squared distance of unit embeddings, and the cosine that it is
 * @throws CemiflowError `ThresholdMismatch` where another recognizer was measured, `ThresholdMissing` where the metrics have no such
 * set, `ArtifactInvalid`
 */
export const measuredThreshold = async (
  store: ArtifactReader,
  { metrics, set }: MeasuredThreshold,
  recognizer: Digest,
): Promise<{ readonly distance: number; readonly cosine: number }> => {
  const artifact = await metricsCodec.read(store, metrics);
  const { sets } = await metricsIn(store, artifact, verificationKind);
  const measured = artifact.meta.recognizer;
  if (measured !== recognizer)
    throw new CemiflowError(
      'ThresholdMismatch',
      `metrics ${metrics.digest} hold thresholds of recognizer ${measured ?? '(not stated)'}, not of ${recognizer}`,
      {
        remedy: 'give the metrics that evaluate/verification measured for the recognizer of this stage',
        data: { metrics: metrics.digest, found: measured ?? null, required: recognizer },
      },
    );
  const found = Object.hasOwn(sets, set) ? sets[set] : undefined;
  if (found) return { distance: found.threshold, cosine: 1 - found.threshold / 2 };
  throw new CemiflowError('ThresholdMissing', `metrics ${metrics.digest} hold no threshold of ${set}`, {
    remedy: `set: one of ${Object.keys(sets).join(', ')}`,
    data: { set, metrics: metrics.digest },
  });
};
