import { readNearest, scoresCodec } from '../../artifacts/codecs/scores.ts';
import { type ArtifactRef, artifactRefsIn } from '../../core/artifact.ts';
import { CemiflowError } from '../../core/errors.ts';
import type { Recompute } from '../../core/recompute.ts';
import { privacyMetrics } from '../../metrics/privacy.ts';
import { factsOf } from './facts.ts';

/** How often searches return a real person, from the nearest of each identity, image and stranger. */
export const recompute: Recompute = async ({ action, outputs }, store) => {
  const scores = await scoresCodec.read(store, outputs.scores as ArtifactRef);
  const { fpir } = action.params;
  const [real] = artifactRefsIn(action.params.real ?? null);
  const [recognizer] = artifactRefsIn(action.params.recognizer ?? null);
  if (scores.meta.of !== 'nearest' || typeof fpir !== 'number' || !real || !recognizer)
    throw new CemiflowError('ScoresInvalid', 'nearest identities, fpir, real and recognizer are required', {
      remedy: 'evaluate again',
      data: { scores: scores.ref.digest },
    });
  const { realIdentities, imagesPerIdentity } = scores.meta;
  const searches = {
    generated: await readNearest(store, scores, 'generated'),
    strangers: await readNearest(store, scores, 'strangers'),
  };
  const facts = await factsOf(store, { real, recognizer });
  return {
    output: 'metrics',
    metrics: privacyMetrics(searches, { fpir, realIdentities, imagesPerIdentity, ...facts }),
    from: 'from nearest real identities',
  };
};
