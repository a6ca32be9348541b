import { type ArtifactReader, fileOf } from '../../artifacts/codec.ts';
import { readMetricsOf } from '../../artifacts/codecs/metrics.ts';
import { verificationKind } from '../../artifacts/codecs/metrics-verification.ts';
import { recognizerOf } from '../../artifacts/codecs/recognizer.ts';
import { pairScoresPath, readPairScores, scoresCodec } from '../../artifacts/codecs/scores.ts';
import { weightsCodec } from '../../artifacts/codecs/weights.ts';
import { type ArtifactRef, artifactRefsIn } from '../../core/artifact.ts';
import { CemiflowError, type Json } from '../../core/errors.ts';
import type { Recompute } from '../../core/recompute.ts';
import { type Channels, verificationMetrics, verificationMetricsBefore2 } from '../../metrics/verification.ts';

/** Accuracies, TAR and ROC from the distances of all pairs, in the version that the metrics were stored in. */
export const recompute: Recompute = async ({ action, outputs }, store) => {
  const scores = await scoresCodec.read(store, outputs.scores as ArtifactRef);
  const { meta } = scores;
  if (meta.of !== 'pairs')
    throw new CemiflowError('ScoresInvalid', `scores of pairs are required, got those of ${meta.of}`, {
      remedy: 'evaluate again',
      data: { scores: scores.ref.digest },
    });
  const read = meta.sets.map(async (set) => {
    const { digest } = fileOf(scores, pairScoresPath(set));
    return [set, await readPairScores(store, scores, set), digest] as const;
  });
  const sets = await Promise.all(read);
  const { version } = await readMetricsOf(store, outputs.metrics as ArtifactRef, verificationKind);
  const metrics = version
    ? verificationMetrics(sets, await channelsOf(store, action.params.recognizer))
    : verificationMetricsBefore2(sets);
  return { output: 'metrics', metrics, from: 'from pair scores' };
};

/** The order of colours that the recognizer takes, as its own manifest states it. */
const channelsOf = async (
  store: ArtifactReader,
  recognizer: Json = null,
): Promise<{ readonly channels?: Channels }> => {
  const [ref] = artifactRefsIn(recognizer);
  return ref ? { channels: recognizerOf(await weightsCodec.read(store, ref)).config.channels } : {};
};
