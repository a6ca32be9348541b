import { recognizerOf } from '../../artifacts/codecs/recognizer.ts';
import { scoresCodec } from '../../artifacts/codecs/scores.ts';
import { weightsCodec } from '../../artifacts/codecs/weights.ts';
import { readTemplateScores } from '../../artifacts/templates.ts';
import { type ArtifactRef, artifactRefsIn } from '../../core/artifact.ts';
import { CemiflowError } from '../../core/errors.ts';
import type { Recompute } from '../../core/recompute.ts';
import { templateMetrics } from '../../metrics/templates.ts';

/** TAR at FAR from the similarities of all template pairs. */
export const recompute: Recompute = async ({ action, outputs }, store) => {
  const scores = await scoresCodec.read(store, outputs.scores as ArtifactRef);
  const [recognizer] = artifactRefsIn(action.params.recognizer ?? null);
  if (scores.meta.of !== 'templates' || !recognizer)
    throw new CemiflowError('ScoresInvalid', 'scores of templates and the recognizer are required', {
      remedy: 'evaluate again',
      data: { scores: scores.ref.digest },
    });
  const read = scores.meta.templates.map(async (set) => [set, await readTemplateScores(store, scores, set)] as const);
  const { channels } = recognizerOf(await weightsCodec.read(store, recognizer)).config;
  return {
    output: 'metrics',
    metrics: templateMetrics(await Promise.all(read), channels),
    from: 'from template scores',
  };
};
