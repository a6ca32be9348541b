import { scoresCodec } from '../../artifacts/codecs/scores.ts';
import { weightsCodec } from '../../artifacts/codecs/weights.ts';
import { readEmbeddings } from '../../artifacts/embeddings.ts';
import { type ArtifactRef, artifactRefsIn } from '../../core/artifact.ts';
import { CemiflowError } from '../../core/errors.ts';
import type { Recompute } from '../../core/recompute.ts';
import { fitGaussian, frechetDistance, frechetMetrics } from '../../metrics/frechet.ts';
import { spaceOf } from './space.ts';

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
  const fitted = async (of: 'data' | 'reference') => {
    const { embeddings, size } = await readEmbeddings(store, scores, of);
    return fitGaussian(embeddings, size);
  };
  const [a, b] = [await fitted('data'), await fitted('reference')];
  const space = spaceOf(await weightsCodec.read(store, recognizer));
  const of = { ...space, recognizer: recognizer.digest, reference: reference.digest };
  const metrics = frechetMetrics(a, b, frechetDistance(a, b), of);
  return { output: 'metrics', metrics, from: 'from embeddings of images' };
};
