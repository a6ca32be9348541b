import { readImageScores, scoresCodec } from '../../artifacts/codecs/scores.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import type { Recompute } from '../../core/recompute.ts';
import { similarityMetrics } from '../../metrics/similarity.ts';

/** Mean, histogram and the rest from the similarity of each image. */
export const recompute: Recompute = async ({ outputs }, store) => {
  const scores = await scoresCodec.read(store, outputs.scores as ArtifactRef);
  const images = await readImageScores(store, scores);
  return { output: 'metrics', metrics: similarityMetrics(images), from: 'from similarities of images' };
};
