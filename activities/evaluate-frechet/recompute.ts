import { scoresCodec } from '../../artifacts/codecs/scores.ts';
import { readEmbeddings } from '../../artifacts/embeddings.ts';
import { type ArtifactRef, artifactRefsIn } from '../../core/artifact.ts';
import { CemiflowError } from '../../core/errors.ts';
import type { Recompute } from '../../core/recompute.ts';
import { frechetMetrics } from '../../metrics/frechet.ts';

/** The distance, from the embeddings of both sets' images. */
export const recompute: Recompute = async ({ action, outputs }, store) => {
  const scores = await scoresCodec.read(store, outputs.scores as ArtifactRef);
  const [recognizer] = artifactRefsIn(action.params.recognizer ?? null);
  const [reference] = artifactRefsIn(action.params.reference ?? null);
  if (scores.meta.of !== 'embeddings' || !recognizer || !reference)
    throw new CemiflowError('ScoresInvalid', 'embeddings of two sets, recognizer and reference are required', {
      remedy: 'evaluate again',
      data: { scores: scores.ref.digest },
    });
  const metrics = frechetMetrics(
    await readEmbeddings(store, scores, 'data'),
    await readEmbeddings(store, scores, 'reference'),
    { recognizer: recognizer.digest, reference: reference.digest },
  );
  return { output: 'metrics', metrics, from: 'from embeddings of images' };
};
