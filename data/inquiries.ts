import type { ArtifactRef } from '../core/artifact.ts';
import { CemiflowError } from '../core/errors.ts';
import type { ArtifactStore } from '../core/stage.ts';
import { DatasetWriter, loadImages, shardsOf } from './dataset.ts';
import { decodeSafetensors, encodeSafetensors } from './formats/safetensors.ts';

/** Inquiry images in order of selection: subject k is generated around row k. */
export interface InquirySet {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  readonly embeddingSize: number;
  /** uint8 RGB [N, H, W, 3] */
  readonly pixels: Uint8Array;
  /** float32 [N, D], unit rows: E_id of the images */
  readonly embeddings: Float32Array;
  /** int32 [N], identity and image number in the set that they were chosen from */
  readonly identities: Int32Array;
  readonly images: Int32Array;
}

/** Stores inquiries: images as a dataset (identity = row), embeddings and sources beside them. */
export const saveInquiries = async (
  store: ArtifactStore,
  set: InquirySet,
  meta: { maxSimilarity: number },
): Promise<ArtifactRef> => {
  const { count, height, width, embeddingSize } = set;
  const size = height * width * 3;
  const writer = new DatasetWriter(store, { height, width });
  for (let row = 0; row < count; row++) {
    await writer.add({ identity: row, image: 0, pixels: set.pixels.subarray(row * size, (row + 1) * size) });
  }
  const tensors = encodeSafetensors({
    embeddings: { dtype: 'F32', shape: [count, embeddingSize], data: set.embeddings },
    identities: { dtype: 'I32', shape: [count], data: set.identities },
    images: { dtype: 'I32', shape: [count], data: set.images },
  });
  const files = [
    ...(await writer.files()),
    await store.putFile('embeddings.safetensors', tensors, 'application/octet-stream'),
  ];
  return store.putArtifact({
    type: 'inquiries',
    meta: { identities: count, images: count, embeddingSize, height, width, ...meta },
    files,
  });
};

/** Loads inquiries whole. @throws CemiflowError `InquiriesInvalid` where files are missing or disagree */
export const loadInquiries = async (store: ArtifactStore, ref: ArtifactRef): Promise<InquirySet> => {
  const { meta, files } = await store.getArtifact(ref);
  const entry = files.find(({ path }) => path === 'embeddings.safetensors');
  if (!entry) throw invalid('embeddings.safetensors is missing', ref);
  const { embeddings, identities, images } = decodeSafetensors(await store.getBlob(entry.digest));
  const set = await loadImages(store, shardsOf(files), meta);
  if (
    !(embeddings?.data instanceof Float32Array) ||
    !(identities?.data instanceof Int32Array) ||
    !(images?.data instanceof Int32Array) ||
    embeddings.shape[0] !== set.count
  ) {
    throw invalid(`embeddings must be F32 [${set.count}, D], identities and images I32 [${set.count}]`, ref);
  }
  const { count, height, width, pixels } = set;
  return {
    count,
    height,
    width,
    pixels,
    embeddingSize: embeddings.shape[1] as number,
    embeddings: embeddings.data,
    identities: identities.data,
    images: images.data,
  };
};

/** Rows `from` … `to` − 1 alone. */
export const sliceInquiries = (set: InquirySet, from: number, to: number): InquirySet => {
  const size = set.height * set.width * 3;
  return {
    ...set,
    count: to - from,
    pixels: set.pixels.slice(from * size, to * size),
    embeddings: set.embeddings.slice(from * set.embeddingSize, to * set.embeddingSize),
    identities: set.identities.slice(from, to),
    images: set.images.slice(from, to),
  };
};

const invalid = (message: string, ref: ArtifactRef): CemiflowError =>
  new CemiflowError('InquiriesInvalid', message, {
    remedy: 'run inquiry/select again',
    data: { artifact: ref.digest },
  });
