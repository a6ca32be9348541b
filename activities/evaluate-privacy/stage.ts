import { datasetCodec } from '../../artifacts/codecs/dataset.ts';
import { putMetrics } from '../../artifacts/codecs/metrics.ts';
import { scoresCodec } from '../../artifacts/codecs/scores.ts';
import { encodeImageScores, encodeNearest, imagesFile, nearestFile } from '../../artifacts/scores.ts';
import type { Outputs } from '../../core/action.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import type { StageKind } from '../../core/stage.ts';
import { generatedRows, type ImageSet } from '../../data/images.ts';
import { type CopyRecipe, maker as copies } from '../../data/loader/copies.ts';
import { Centers } from '../../metrics/centers.ts';
import { privacyMetrics } from '../../metrics/privacy.ts';
import { nearestRows } from '../../nn/nearest.ts';
import { type InputContext, loadSet, withInput } from '../../training/input.ts';
import { type Embedder, withEmbedder } from '../../training/recognizer.ts';
import { thresholdOf } from './threshold.ts';

/** `schemas/stages/evaluate-privacy.schema.json` */
interface Params {
  readonly data: ArtifactRef;
  readonly real: ArtifactRef;
  readonly recognizer: ArtifactRef;
  readonly metrics: ArtifactRef;
  readonly set: string;
}

/** `evaluate/privacy`: the nearest real identity of every synthetic one, against the recognizer's threshold of a match. */
export const stage: StageKind<Params> = {
  run: (params, context) => withInput(context, copies, (input) => run(params, input)),
};

const run = async (params: Params, input: InputContext<CopyRecipe>): Promise<Outputs> => {
  const { store } = input;
  const distance = await thresholdOf(store, params.metrics, params.set);
  // The view that the threshold was found with.
  return withEmbedder(store, params.recognizer, 'both', async (embedder) => {
    const real = await loadSet(input, params.real);
    const people = new Centers(real.classes, embedder.size);
    await embedBlocks(embedder, real, everyRow(real), input, 'embed real images', (rows, embeddings) =>
      people.add(real.labels, rows, embeddings),
    );
    const realCenters = people.unit();
    const realIdentities = identitiesOf(real);

    const data = await loadSet(input, params.data);
    const { meta } = await datasetCodec.read(store, params.data);
    const rows = generatedRows(data, meta.generatedImages);
    const subjects = new Centers(data.classes, embedder.size);
    const imageSimilarity = new Float32Array(rows.length);
    let done = 0;
    await embedBlocks(embedder, data, rows, input, 'embed generated images', (block, embeddings) => {
      subjects.add(data.labels, block, embeddings);
      imageSimilarity.set(nearestRows(embeddings, realCenters, embedder.size).cosine, done);
      done += block.length;
    });
    const { row, cosine } = nearestRows(subjects.unit(), realCenters, embedder.size);
    const scores = {
      identity: identitiesOf(data),
      nearest: row.map((at) => realIdentities[at] as number),
      similarity: cosine,
    };
    const images = {
      similarity: imageSimilarity,
      identity: rows.map((at) => data.identities[at] as number),
      image: rows.map((at) => data.images[at] as number),
    };
    const fromInquiries = params.real.type === 'inquiries';
    const options = { set: params.set, distance, realIdentities: real.classes, fromInquiries };
    const binary = 'application/octet-stream';
    return {
      metrics: await putMetrics(store, privacyMetrics(scores, imageSimilarity, options)),
      scores: await scoresCodec.write(
        store,
        { identities: data.classes, images: rows.length, realIdentities: real.classes },
        [
          await store.putFile(nearestFile, encodeNearest(scores), binary),
          await store.putFile(imagesFile, encodeImageScores(images), binary),
        ],
      ),
    };
  });
};

/** Images whose embeddings are in memory at once: whole batches of the embedder. */
const blockImages = 8192;

const embedBlocks = async (
  embedder: Embedder,
  set: ImageSet,
  rows: Int32Array,
  input: InputContext<CopyRecipe>,
  phase: string,
  take: (rows: Int32Array, embeddings: Float32Array) => void,
): Promise<void> => {
  const blocks = Math.ceil(rows.length / blockImages);
  for (let block = 0; block < blocks; block++) {
    const held = rows.slice(block * blockImages, (block + 1) * blockImages);
    const name = blocks > 1 ? `${phase}, part ${block + 1} of ${blocks}` : phase;
    take(held, await embedder.embed(set, input, { phase: name, rows: held }));
  }
};

const everyRow = ({ count }: ImageSet): Int32Array => Int32Array.from({ length: count }, (_, row) => row);

/** The identity of each class. */
const identitiesOf = ({ identities, labels, classes }: ImageSet): Int32Array => {
  const found = new Int32Array(classes);
  labels.forEach((label, row) => {
    found[label] = identities[row] as number;
  });
  return found;
};
