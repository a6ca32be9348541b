import { fileOf } from '../../artifacts/codec.ts';
import { pairScoresPath, readPairScores, scoresCodec } from '../../artifacts/codecs/scores.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { CemiflowError } from '../../core/errors.ts';
import type { Recompute } from '../../core/recompute.ts';
import { verificationMetrics } from '../../metrics/verification.ts';

/** Accuracies from the distances of all pairs. */
export const recompute: Recompute = async ({ outputs }, store) => {
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
  return { output: 'metrics', metrics: verificationMetrics(await Promise.all(read)), from: 'from pair scores' };
};
