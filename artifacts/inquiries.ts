import type { ArtifactRef } from '../core/artifact.ts';
import { CemiflowError } from '../core/errors.ts';
import type { ArtifactStore } from '../core/stage.ts';
import { type Images, pixelsOf } from '../data/images.ts';
import { type LoadOptions, loadImages } from '../data/loader/load.ts';
import { DatasetWriter, shardsOf } from './dataset.ts';
import { getTensors, putTensors } from './tensors.ts';

/** Inquiry images in order of selection: subject k is generated around inquiry k. */
export interface InquirySet {
  readonly count: number;
  readonly embeddingSize: number;
  readonly pictures: Images;
  /** int32 [N], which of `pictures` */
  readonly rows: Int32Array;
  /** float32 [N, D], unit rows: E_id of the images */
  readonly embeddings: Float32Array;
  /** int32 [N], identity and image number in the set that they were chosen from */
  readonly identities: Int32Array;
  readonly images: Int32Array;
}

/** Stores inquiries: images as a dataset (identity = inquiry), embeddings and sources beside them. */
export const saveInquiries = async (
  store: ArtifactStore,
  { count, embeddingSize, pictures, rows, embeddings, identities, images }: InquirySet,
  meta: { maxSimilarity: number },
): Promise<ArtifactRef> => {
  const { height, width } = pictures;
  const writer = new DatasetWriter(store, { height, width });
  for (const [identity, row] of rows.entries()) {
    await writer.add({ identity, image: 0, pixels: await pixelsOf(pictures, row) });
  }
  const tensors = await putTensors(store, 'embeddings', {
    embeddings: { dtype: 'F32', shape: [count, embeddingSize], data: embeddings },
    identities: { dtype: 'I32', shape: [count], data: identities },
    images: { dtype: 'I32', shape: [count], data: images },
  });
  return store.putArtifact({
    type: 'inquiries',
    meta: { identities: count, images: count, embeddingSize, height, width, ...meta },
    files: [...(await writer.files()), ...tensors],
  });
};

/** Loads inquiries whole. @throws CemiflowError `InquiriesInvalid` where files disagree, `TensorsMissing` */
export const loadInquiries = async (
  store: ArtifactStore,
  ref: ArtifactRef,
  options: LoadOptions = {},
): Promise<InquirySet> => {
  const { meta, files } = await store.getArtifact(ref);
  const { embeddings, identities, images } = await getTensors(store, 'embeddings', files);
  const pictures = await loadImages(store, shardsOf(files), meta, options);
  const { count } = pictures;
  if (
    !(embeddings?.data instanceof Float32Array) ||
    !(identities?.data instanceof Int32Array) ||
    !(images?.data instanceof Int32Array) ||
    embeddings.shape[0] !== count
  ) {
    throw invalid(`embeddings must be F32 [${count}, D], identities and images I32 [${count}]`, ref);
  }
  return {
    count,
    embeddingSize: embeddings.shape[1] as number,
    pictures,
    rows: Int32Array.from({ length: count }, (_, row) => row),
    embeddings: embeddings.data,
    identities: identities.data,
    images: images.data,
  };
};

/** Inquiries `from` … `to` − 1 alone. */
export const sliceInquiries = (set: InquirySet, from: number, to: number): InquirySet => ({
  ...set,
  count: to - from,
  rows: set.rows.slice(from, to),
  embeddings: set.embeddings.slice(from * set.embeddingSize, to * set.embeddingSize),
  identities: set.identities.slice(from, to),
  images: set.images.slice(from, to),
});

const invalid = (message: string, ref: ArtifactRef): CemiflowError =>
  new CemiflowError('InquiriesInvalid', message, {
    remedy: 'run inquiry/select again',
    data: { artifact: ref.digest },
  });
