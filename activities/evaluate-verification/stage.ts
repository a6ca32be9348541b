import { benchmarkSets } from '../../artifacts/benchmarks.ts';
import { putMetrics } from '../../artifacts/codecs/metrics.ts';
import { pairScoresPath, scoresCodec } from '../../artifacts/codecs/scores.ts';
import { encodePairScores } from '../../artifacts/scores.ts';
import type { Outputs } from '../../core/action.ts';
import type { ArtifactRef, FileEntry } from '../../core/artifact.ts';
import type { Digest } from '../../core/digest.ts';
import type { StageKind } from '../../core/stage.ts';
import { loadBenchmark } from '../../data/benchmarks.ts';
import { type CopyRecipe, maker as copies } from '../../data/loader/copies.ts';
import { type PairScores, pairDistances, verificationMetrics } from '../../metrics/verification.ts';
import type { PrecisionOption } from '../../nn/compile/precision.ts';
import { type InputContext, loading, withInput } from '../../training/input.ts';
import { withEmbedder } from '../../training/recognizer.ts';

/** `schemas/stages/evaluate-verification.schema.json` */
interface Params extends PrecisionOption {
  readonly recognizer: ArtifactRef;
  readonly benchmarks: ArtifactRef;
  /** Empty: all. */
  readonly sets: readonly string[];
}

/** `evaluate/verification`: accuracy over ten folds on each set, TAR at FAR and ROC, from embeddings of image and mirror image added. */
export const stage: StageKind<Params> = {
  run: (params, context) => withInput(context, copies, (input) => run(params, input)),
};

const run = async (
  { recognizer: ref, benchmarks, sets: wanted, precision }: Params,
  input: InputContext<CopyRecipe>,
): Promise<Outputs> => {
  const { store } = input;
  return withEmbedder(store, ref, { view: 'both', precision }, async (embedder) => {
    const sets: [string, PairScores, Digest][] = [];
    const files: FileEntry[] = [];
    for (const set of wanted.length > 0 ? wanted : await benchmarkSets(store, benchmarks)) {
      const { images, left, right, same, fold } = await loadBenchmark(store, benchmarks, set, loading(input));
      const embeddings = await embedder.embed(images, input, { phase: `embed ${set}` });
      const distance = pairDistances(embeddings, embedder.size, left, right);
      const scores = { distance, same, fold };
      const entry = await store.putFile(pairScoresPath(set), encodePairScores(scores), 'application/octet-stream');
      files.push(entry);
      sets.push([set, scores, entry.digest]);
    }
    return {
      metrics: await putMetrics(store, verificationMetrics(sets, { channels: embedder.channels }), {
        recognizer: ref.digest,
      }),
      scores: await scoresCodec.write(store, { sets: sets.map(([set]) => set) }, files),
    };
  });
};
