/** TensorFlow for stage kinds of your own, as `cemiflow/tensors`, and what our networks can do for them: docs/kinds.md. */

import { datasetCodec } from '../artifacts/codecs/dataset.ts';
import type { ArtifactRef } from '../core/artifact.ts';
import type { StageContext } from '../core/stage.ts';
import { maker as copies } from '../data/loader/copies.ts';
import { loadDataset } from '../data/loader/load.ts';
import type { PrecisionOption } from '../nn/compile/precision.ts';
import { loading, withInput } from '../training/input.ts';
import { withEmbedder } from '../training/recognizer.ts';

export { readWeights, weightsCodec } from '../artifacts/codecs/weights.ts';
export { type Tensors, tf } from '../nn/tf.ts';

/** A dataset as a recognizer sees it, in the order of its samples. */
export interface Embedded {
  /** float32 [N, D], rows of unit length */
  readonly embeddings: Float32Array;
  /** D */
  readonly size: number;
  /** int32 [N], as the dataset numbers them */
  readonly identities: Int32Array;
  /** int32 [N], the image's number within its identity */
  readonly images: Int32Array;
}

/**
 * Embeds every image of a dataset.
 *
 * @throws CemiflowError `SizeMismatch` where the recognizer takes images of another size, `Diverged` where an embedding is not finite
 */
export const embedDataset = (
  context: StageContext,
  {
    recognizer,
    data,
    precision = 'float32',
  }: { readonly recognizer: ArtifactRef; readonly data: ArtifactRef } & Partial<PrecisionOption>,
): Promise<Embedded> =>
  withInput(context, copies, async (input) => {
    await datasetCodec.read(context.store, data);
    // Packed: each image is needed once.
    const set = await loadDataset(context.store, data, { ...loading(input), budgetBytes: 0 });
    return withEmbedder(context.store, recognizer, { view: 'plain', precision }, async (embedder) => ({
      embeddings: await embedder.embed(set, input),
      size: embedder.size,
      identities: set.identities,
      images: set.images,
    }));
  });
