import { writeCenters } from '../../artifacts/codecs/centers.ts';
import type { Outputs } from '../../core/action.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { CemiflowError } from '../../core/errors.ts';
import type { StageKind } from '../../core/stage.ts';
import { plural } from '../../core/words.ts';
import type { ImageSet } from '../../data/images.ts';
import { type CopyRecipe, maker as copies } from '../../data/loader/copies.ts';
import { Centers, unitRows } from '../../metrics/centers.ts';
import { rowCosine } from '../../metrics/similarity.ts';
import type { PrecisionOption } from '../../nn/compile/precision.ts';
import { tf } from '../../nn/tf.ts';
import { embedBlocks, KeptBlocks } from '../../training/embed-blocks.ts';
import { type InputContext, loadSet, withInput } from '../../training/input.ts';
import { type Embedder, type LoadedRecognizer, loadRecognizer, withEmbedder } from '../../training/recognizer.ts';
import { factsOf } from './facts.ts';

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
    const { centers, similarity } = await withEmbedder(store, ref, { view: 'plain', precision }, (embedder) =>
      source === 'mean'
        ? aroundMeans(embedder, data, input)
        : aroundCenters(embedder, data, input, classifierCenters(recognizer)),
    );
    const rows = { centers, similarity, labels: data.labels };
    const made = { source, data: dataRef.digest, recognizer: ref.digest };
    const { group, meta } = factsOf(rows, size, groups, made);
    return { centers: await writeCenters(store, { ...rows, group }, meta) };
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

interface Around {
  /** float32 [C, D], unit rows */
  readonly centers: Float32Array;
  /** float32 [N], cosine of each image to its center */
  readonly similarity: Float32Array;
}

/** Centers from all embeddings, and then the cosines of these same embeddings: they are kept, for embedding takes hours. */
const aroundMeans = async (embedder: Embedder, data: ImageSet, input: InputContext<CopyRecipe>): Promise<Around> => {
  const { size } = embedder;
  const sums = new Centers(data.classes, size);
  const kept = new KeptBlocks(input);
  await embedBlocks(embedder, data, input, { phase: 'embed' }, async (rows, embeddings) => {
    sums.add(data.labels, rows, embeddings);
    await kept.add(rows, embeddings);
  });
  const centers = sums.unit();
  const similarity = new Float32Array(data.count);
  for (const { rows, embeddings } of kept.each()) fillCosines(similarity, rows, embeddings, centers, data.labels, size);
  return { centers, similarity };
};

const aroundCenters = async (
  embedder: Embedder,
  data: ImageSet,
  input: InputContext<CopyRecipe>,
  centers: Float32Array,
): Promise<Around> => {
  const similarity = new Float32Array(data.count);
  await embedBlocks(embedder, data, input, { phase: 'embed' }, (rows, embeddings) =>
    fillCosines(similarity, rows, embeddings, centers, data.labels, embedder.size),
  );
  return { centers, similarity };
};

/** Writes the cosine of each row of a block to the center of its class. */
const fillCosines = (
  similarity: Float32Array,
  rows: Int32Array,
  embeddings: Float32Array,
  centers: Float32Array,
  labels: Int32Array,
  size: number,
): void => {
  for (const [i, row] of rows.entries())
    similarity[row] = rowCosine(embeddings, i, centers, labels[row] as number, size);
};

const classifierMismatch = (recognizer: LoadedRecognizer, ref: ArtifactRef, data: ImageSet): CemiflowError =>
  new CemiflowError(
    'ClassifierMismatch',
    recognizer.classes === 0
      ? "the recognizer's weights hold no classifier, as those of recognizer/import never do"
      : `the classifier's ${plural(recognizer.classes, 'column')} belong to dataset ${recognizer.data}, not to ${ref.digest} with ${plural(data.classes, 'identity', 'identities')}`,
    { remedy: 'use source: mean, or the dataset that the recognizer was trained on', data: { dataset: ref.digest } },
  );
