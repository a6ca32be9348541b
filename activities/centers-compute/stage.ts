import { writeCenters } from '../../artifacts/codecs/centers.ts';
import type { Outputs } from '../../core/action.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { CemiflowError } from '../../core/errors.ts';
import type { StageKind } from '../../core/stage.ts';
import { plural } from '../../core/words.ts';
import type { ImageSet } from '../../data/images.ts';
import { type CopyRecipe, maker as copies } from '../../data/loader/copies.ts';
import { Centers, unitRows } from '../../metrics/centers.ts';
import { rowCosine, similarityGroups } from '../../metrics/similarity.ts';
import { mean } from '../../metrics/statistics.ts';
import type { PrecisionOption } from '../../nn/compile/precision.ts';
import { tf } from '../../nn/tf.ts';
import { type InputContext, loadSet, withInput } from '../../training/input.ts';
import { type LoadedRecognizer, loadRecognizer, withEmbedder } from '../../training/recognizer.ts';

/** `schemas/stages/centers-compute.schema.json` */
interface Params extends PrecisionOption {
  readonly data: ArtifactRef;
  readonly recognizer: ArtifactRef;
  readonly source: 'classifier' | 'mean';
  readonly groups: number;
}

/** `centers/compute`: identity centers, each image's similarity to its center, and the groups of CemiFace's table 1. */
export const stage: StageKind<Params> = {
  run: (params, context) => withInput(context, copies, (input) => run(params, input)),
};

const run = async (
  { data: dataRef, recognizer: ref, source, groups, precision }: Params,
  input: InputContext<CopyRecipe>,
): Promise<Outputs> => {
  const { store } = input;
  const data = await loadSet(input, dataRef);
  const recognizer = await loadRecognizer(store, ref);
  try {
    if (source === 'classifier' && (recognizer.data !== dataRef.digest || recognizer.classes !== data.classes)) {
      throw classifierMismatch(recognizer, dataRef, data);
    }
    const size = recognizer.config.embedding;
    const embeddings = await withEmbedder(store, ref, { view: 'plain', precision }, (embedder) =>
      embedder.embed(data, input),
    );
    const centers = source === 'mean' ? meanCenters(embeddings, data, size) : classifierCenters(recognizer);
    const similarity = Float32Array.from(data.labels, (label, row) => rowCosine(embeddings, row, centers, label, size));
    const { group, statistics } = similarityGroups(similarity, data.labels, groups);
    const rows = { centers, similarity, group, labels: data.labels };
    const meta = {
      source,
      identities: data.classes,
      images: data.count,
      embeddingSize: size,
      similarity: mean(similarity),
      groups: statistics,
      ...{ data: dataRef.digest, recognizer: ref.digest },
    };
    return { centers: await writeCenters(store, rows, meta) };
  } finally {
    tf.dispose(recognizer.weights);
  }
};

/** The classifier's columns as unit rows. @returns float32 [C, D] */
const classifierCenters = ({ kernel, classes, config }: LoadedRecognizer): Float32Array => {
  const centers = new Float32Array(kernel.length);
  for (let c = 0; c < classes; c++) {
    for (let k = 0; k < config.embedding; k++) centers[c * config.embedding + k] = kernel[k * classes + c] as number;
  }
  return unitRows(centers, config.embedding);
};

const meanCenters = (embeddings: Float32Array, { labels, classes }: ImageSet, size: number): Float32Array => {
  const centers = new Centers(classes, size);
  centers.add(
    labels,
    labels.map((_, row) => row),
    embeddings,
  );
  return centers.unit();
};

const classifierMismatch = (recognizer: LoadedRecognizer, ref: ArtifactRef, data: ImageSet): CemiflowError =>
  new CemiflowError(
    'ClassifierMismatch',
    recognizer.classes === 0
      ? "the recognizer's weights hold no classifier, as those of recognizer/import never do"
      : `the classifier's ${plural(recognizer.classes, 'column')} belong to dataset ${recognizer.data}, not to ${ref.digest} with ${plural(data.classes, 'identity', 'identities')}`,
    { remedy: 'use source: mean, or the dataset that the recognizer was trained on', data: { dataset: ref.digest } },
  );
