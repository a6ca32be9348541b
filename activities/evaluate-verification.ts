import type { Outputs } from '../core/action.ts';
import type { ArtifactRef, FileEntry } from '../core/artifact.ts';
import type { JsonObject } from '../core/errors.ts';
import type { StageKind } from '../core/stage.ts';
import { benchmarkSets, loadBenchmark } from '../data/benchmarks.ts';
import { encodeSafetensors } from '../data/formats/safetensors.ts';
import { type CopyRecipe, maker as copies } from '../data/loader/copies.ts';
import { mean } from '../metrics/statistics.ts';
import { pairDistances, verify } from '../metrics/verification.ts';
import { type InputContext, loading, withInput } from './input.ts';
import { putMetrics, withEmbedder } from './recognizer.ts';

/** `schemas/stages/evaluate-verification.schema.json` */
interface Params {
  readonly recognizer: ArtifactRef;
  readonly benchmarks: ArtifactRef;
  /** Empty: all. */
  readonly sets: readonly string[];
}

/** `evaluate/verification`: accuracy over ten folds on each set, from embeddings of image and mirror image added. */
export const stage: StageKind<Params> = {
  run: (params, context) => withInput(context, copies, (input) => run(params, input)),
};

const run = async (
  { recognizer: ref, benchmarks, sets: wanted }: Params,
  input: InputContext<CopyRecipe>,
): Promise<Outputs> => {
  const { store } = input;
  return withEmbedder(store, ref, 'both', async (embedder) => {
    const sets: JsonObject = {};
    const accuracies: number[] = [];
    const files: FileEntry[] = [];
    for (const set of wanted.length > 0 ? wanted : await benchmarkSets(store, benchmarks)) {
      const { images, left, right, same, fold } = await loadBenchmark(store, benchmarks, set, loading(input));
      const embeddings = await embedder.embed(images, input, { phase: `embed ${set}` });
      const distance = pairDistances(embeddings, embedder.size, left, right);
      const shape = [distance.length];
      const file = encodeSafetensors({
        distance: { dtype: 'F32', shape, data: distance },
        same: { dtype: 'U8', shape, data: same },
        fold: { dtype: 'I32', shape, data: fold },
      });
      const entry = await store.putFile(`${set}.safetensors`, file, 'application/octet-stream');
      const result = verify({ distance, same, fold });
      files.push(entry);
      accuracies.push(result.accuracy);
      sets[set] = { ...result, scores: entry.digest };
    }
    return {
      metrics: await putMetrics(store, { kind: 'verification', sets, average: mean(accuracies) }),
      scores: await store.putArtifact({ type: 'scores', meta: { sets: Object.keys(sets) }, files }),
    };
  });
};
