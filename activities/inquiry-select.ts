import type { Outputs } from '../core/action.ts';
import type { ArtifactRef } from '../core/artifact.ts';
import { CemiflowError } from '../core/errors.ts';
import type { StageKind } from '../core/stage.ts';
import { type ImageSet, loadDataset } from '../data/dataset.ts';
import { saveInquiries } from '../data/inquiries.ts';
import { selectApart } from '../metrics/similarity.ts';
import { tf } from '../nn/tf.ts';
import { embedImages, loadRecognizer } from './recognizer.ts';

/** `schemas/stages/inquiry-select.schema.json` */
interface Params {
  readonly data: ArtifactRef;
  readonly recognizer: ArtifactRef;
  readonly count: number;
  readonly maxSimilarity: number;
  readonly imagesPerIdentity: number;
}

/** `inquiry/select`: one image for each subject to come, every pair less similar than the limit. */
export const stage: StageKind<Params> = {
  async run(params, context): Promise<Outputs> {
    const { store } = context;
    const candidates = firstImages(await loadDataset(store, params.data), params.imagesPerIdentity);
    const recognizer = await loadRecognizer(store, params.recognizer);
    try {
      const size = recognizer.config.embedding;
      const embeddings = await embedImages(recognizer, candidates, context);
      const rows = selectApart(embeddings, size, params);
      if (rows.length < params.count) throw tooFew(rows.length, candidates.count, params);
      const { height, width } = candidates;
      const set = {
        count: rows.length,
        height,
        width,
        embeddingSize: size,
        pixels: gather(candidates.pixels, rows, height * width * 3),
        embeddings: gather(embeddings, rows, size),
        identities: gather(candidates.identities, rows, 1),
        images: gather(candidates.images, rows, 1),
      };
      return { inquiries: await saveInquiries(store, set, { maxSimilarity: params.maxSimilarity }) };
    } finally {
      tf.dispose(recognizer.weights);
    }
  },
};

/** The first images of every identity, in the order of the set. */
const firstImages = (data: ImageSet, perIdentity: number): ImageSet => {
  const seen = new Map<number, number>();
  const rows = [...data.identities.keys()].filter((row) => {
    const identity = data.identities[row] as number;
    const before = seen.get(identity) ?? 0;
    seen.set(identity, before + 1);
    return before < perIdentity;
  });
  return {
    ...data,
    count: rows.length,
    pixels: gather(data.pixels, rows, data.height * data.width * 3),
    labels: gather(data.labels, rows, 1),
    identities: gather(data.identities, rows, 1),
    images: gather(data.images, rows, 1),
  };
};

/** Rows of a matrix, `size` values each, in the given order. */
const gather = <T extends Uint8Array | Int32Array | Float32Array>(
  from: T,
  rows: readonly number[],
  size: number,
): T => {
  const to = from.slice(0, rows.length * size) as T;
  rows.forEach((row, i) => {
    to.set(from.subarray(row * size, (row + 1) * size), i * size);
  });
  return to;
};

const tooFew = (found: number, candidates: number, { count, maxSimilarity }: Params): CemiflowError =>
  new CemiflowError(
    'TooFewInquiries',
    `${count} inquiries with pairwise similarity below ${maxSimilarity} are required, ${candidates} candidates gave ${found}`,
    {
      remedy: `set count to ${found} or less, raise maxSimilarity, or give more candidates`,
      data: { found, count, candidates, maxSimilarity },
    },
  );
