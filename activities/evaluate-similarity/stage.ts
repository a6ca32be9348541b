import { datasetCodec } from '../../artifacts/codecs/dataset.ts';
import { putMetrics } from '../../artifacts/codecs/metrics.ts';
import { scoresCodec, similarityFile } from '../../artifacts/codecs/scores.ts';
import { encodeImageScores } from '../../artifacts/scores.ts';
import type { Outputs } from '../../core/action.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import type { StageKind } from '../../core/stage.ts';
import { generatedRows, type ImageSet } from '../../data/images.ts';
import { type InquirySet, loadInquiries, requireInquiry, requireSpace } from '../../data/inquiries.ts';
import { type CopyRecipe, maker as copies } from '../../data/loader/copies.ts';
import { rowCosine, similarityMetrics } from '../../metrics/similarity.ts';
import type { PrecisionOption } from '../../nn/compile/precision.ts';
import { embedBlocks } from '../../training/embed-blocks.ts';
import { type InputContext, loading, loadSet, withInput } from '../../training/input.ts';
import { type Embedder, withEmbedder } from '../../training/recognizer.ts';

/** `schemas/stages/evaluate-similarity.schema.json` */
interface Params extends PrecisionOption {
  readonly data: ArtifactRef;
  readonly inquiries: ArtifactRef;
  readonly recognizer: ArtifactRef;
}

/**
 * `evaluate/similarity`: cosine of every generated image to the inquiry of its identity. Inquiry images are embedded by any
 * recognizer; inquiries that are vectors lie in the space of one.
 */
export const stage: StageKind<Params> = {
  run: (params, context) => withInput(context, copies, (input) => run(params, input)),
};

const run = async (
  { data: dataRef, inquiries: inquiriesRef, recognizer: ref, precision }: Params,
  input: InputContext<CopyRecipe>,
): Promise<Outputs> => {
  const { store } = input;
  const data = await loadSet(input, dataRef);
  const { meta } = await datasetCodec.read(store, dataRef);
  const inquiries = await loadInquiries(store, inquiriesRef, loading(input, 'load inquiries'));
  if (inquiries.pictures === undefined)
    requireSpace(inquiriesRef, inquiries, ref.digest, 'measure with the recognizer that the vectors were made with');
  const rows = generatedRows(data, meta.generatedImages);
  const inquiryOf = inquiryRows(data, rows, inquiries);
  const similarity = await withEmbedder(store, ref, { view: 'plain', precision }, async (embedder) => {
    const embeddings = await embeddingsOf(inquiries, embedder, input);
    const found = new Float32Array(rows.length);
    let done = 0;
    // All images, copies of inquiries among them: which images share a batch must not depend on what is measured.
    await embedBlocks(embedder, data, input, { phase: 'embed images' }, (block, embedded) => {
      for (const [i, row] of block.entries()) {
        if (rows[done] !== row) continue;
        found[done] = rowCosine(embedded, i, embeddings, inquiryOf[done] as number, embedder.size);
        done++;
      }
    });
    return found;
  });
  const identity = Int32Array.from(rows, (row) => data.identities[row] as number);
  const image = Int32Array.from(rows, (row) => data.images[row] as number);
  const file = encodeImageScores({ similarity, identity, image });
  const entry = await store.putFile(similarityFile, file, 'application/octet-stream');
  return {
    metrics: await putMetrics(store, similarityMetrics({ similarity, identity })),
    scores: await scoresCodec.write(store, { images: rows.length }, [entry]),
  };
};

/** Inquiry images by the recognizer that measures; vectors as they are. @returns float32 [N, D], unit rows */
const embeddingsOf = (
  { pictures, rows, embeddings }: InquirySet,
  embedder: Embedder,
  input: InputContext<CopyRecipe>,
): Promise<Float32Array> | Float32Array =>
  pictures === undefined ? embeddings : embedder.embed(pictures, input, { rows, phase: 'embed inquiries' });

/** The inquiry of each image: subject k was generated around inquiry k. */
const inquiryRows = (data: ImageSet, rows: Int32Array, inquiries: InquirySet): Int32Array =>
  rows.map((row) => {
    const identity = data.identities[row] as number;
    requireInquiry(inquiries, identity);
    return identity;
  });
