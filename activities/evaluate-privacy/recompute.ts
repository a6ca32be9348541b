import { readNearest, scoresCodec } from '../../artifacts/codecs/scores.ts';
import { type ArtifactRef, artifactRefsIn } from '../../core/artifact.ts';
import { CemiflowError } from '../../core/errors.ts';
import type { Recompute } from '../../core/recompute.ts';
import { privacyMetrics } from '../../metrics/privacy.ts';
import { thresholdOf } from './threshold.ts';

/** How many identities are too near to a real one, from the nearest of each. */
export const recompute: Recompute = async ({ action, outputs }, store) => {
  const scores = await scoresCodec.read(store, outputs.scores as ArtifactRef);
  const { set, real, metrics } = action.params;
  const [realRef] = artifactRefsIn(real ?? null);
  const [metricsRef] = artifactRefsIn(metrics ?? null);
  if (scores.meta.of !== 'nearest' || typeof set !== 'string' || !realRef || !metricsRef)
    throw new CemiflowError('ScoresInvalid', 'nearest identities, set, real and metrics are required', {
      remedy: 'evaluate again',
      data: { scores: scores.ref.digest },
    });
  const options = {
    set,
    distance: await thresholdOf(store, metricsRef, set),
    realIdentities: scores.meta.realIdentities,
    fromInquiries: realRef.type === 'inquiries',
  };
  const { identities, images } = await readNearest(store, scores);
  return {
    output: 'metrics',
    metrics: privacyMetrics(identities, images.similarity, options),
    from: 'from nearest real identities',
  };
};
