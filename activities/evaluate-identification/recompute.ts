import { recognizerOf } from '../../artifacts/codecs/recognizer.ts';
import { readRanks, scoresCodec } from '../../artifacts/codecs/scores.ts';
import { weightsCodec } from '../../artifacts/codecs/weights.ts';
import { type ArtifactRef, artifactRefsIn } from '../../core/artifact.ts';
import { CemiflowError } from '../../core/errors.ts';
import type { Recompute } from '../../core/recompute.ts';
import { identificationMetrics } from '../../metrics/identification.ts';

/** Rank-1, rank-5 and the CMC from the rank of each probe. */
export const recompute: Recompute = async ({ action, outputs }, store) => {
  const scores = await scoresCodec.read(store, outputs.scores as ArtifactRef);
  const [recognizer] = artifactRefsIn(action.params.recognizer ?? null);
  if (scores.meta.of !== 'ranks' || !recognizer)
    throw new CemiflowError('ScoresInvalid', 'ranks of probes and the recognizer are required', {
      remedy: 'evaluate again',
      data: { scores: scores.ref.digest },
    });
  const { rank } = await readRanks(store, scores);
  const { channels } = recognizerOf(await weightsCodec.read(store, recognizer)).config;
  const { gallery, galleryImages, withoutMate } = scores.meta;
  return {
    output: 'metrics',
    metrics: identificationMetrics(rank, { channels, gallery, galleryImages, withoutMate }),
    from: 'from ranks of probes',
  };
};
