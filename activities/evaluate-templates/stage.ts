import { benchmarksCodec, setPrefix } from '../../artifacts/codecs/benchmarks.ts';
import { putMetrics } from '../../artifacts/codecs/metrics.ts';
import { scoresCodec } from '../../artifacts/codecs/scores.ts';
import { shardsOf } from '../../artifacts/shards.ts';
import { putTemplateScores, readTemplates } from '../../artifacts/templates.ts';
import type { Outputs } from '../../core/action.ts';
import type { ArtifactRef, FileEntry } from '../../core/artifact.ts';
import { CemiflowError } from '../../core/errors.ts';
import type { StageKind } from '../../core/stage.ts';
import { type CopyRecipe, maker as copies } from '../../data/loader/copies.ts';
import { loadImages } from '../../data/loader/load.ts';
import { rowCosine } from '../../metrics/similarity.ts';
import { type TemplateScores, Templates, templateMetrics } from '../../metrics/templates.ts';
import type { PrecisionOption } from '../../nn/compile/precision.ts';
import { type InputContext, loading, withInput } from '../../training/input.ts';
import { withEmbedder } from '../../training/recognizer.ts';

/** `schemas/stages/evaluate-templates.schema.json` */
interface Params extends PrecisionOption {
  readonly recognizer: ArtifactRef;
  readonly benchmarks: ArtifactRef;
  readonly weighting: 'none' | 'detector';
}

/** `evaluate/templates`: TAR at FAR of pairs of templates, as IJB-B and IJB-C are scored. */
export const stage: StageKind<Params> = {
  run: (params, context) => withInput(context, copies, (input) => run(params, input)),
};

/** Faces whose embeddings are in memory at once: whole batches of the embedder. */
const blockFaces = 8192;

const run = async (
  { recognizer, benchmarks, weighting, precision }: Params,
  input: InputContext<CopyRecipe>,
): Promise<Outputs> => {
  const { store } = input;
  const artifact = await benchmarksCodec.read(store, benchmarks);
  const { templates: names, height, width } = artifact.meta;
  if (names.length === 0) throw withoutTemplates(benchmarks);
  return withEmbedder(store, recognizer, { view: 'added', precision }, async (embedder) => {
    const sets: [string, TemplateScores][] = [];
    const files: FileEntry[] = [];
    for (const set of names) {
      const shards = shardsOf(artifact.files, setPrefix(set));
      const images = await loadImages(store, shards, { height, width }, { ...loading(input), budgetBytes: 0 });
      const { score, left, right, same, ...faces } = await readTemplates(store, artifact, set, images.count);
      const { size } = embedder;
      const templates = new Templates({ ...faces, ...(weighting === 'detector' && { weight: score }) }, size);
      for (let first = 0; first < images.count; first += blockFaces) {
        const count = Math.min(blockFaces, images.count - first);
        const rows = Int32Array.from({ length: count }, (_, i) => first + i);
        templates.add(first, await embedder.embed(images, input, { phase: `embed ${set}`, rows }));
      }
      const units = templates.unit();
      const rowOf = (template: number): number => templates.rowOf.get(template) as number;
      const similarity = Float32Array.from(left, (template, pair) =>
        rowCosine(units, rowOf(template), units, rowOf(right[pair] as number), size),
      );
      files.push(...(await putTemplateScores(store, set, { similarity, same })));
      sets.push([set, { similarity, same }]);
    }
    return {
      metrics: await putMetrics(store, templateMetrics(sets, embedder.channels)),
      scores: await scoresCodec.write(store, { templates: [...names] }, files),
    };
  });
};

const withoutTemplates = ({ digest }: ArtifactRef): CemiflowError =>
  new CemiflowError('BenchmarkMissing', `benchmarks ${digest} hold no templates`, {
    remedy: 'give what data/import-ijb took in; pairs of images are for evaluate/verification',
    data: { benchmarks: digest },
  });
