import { type InquiryRows, inquiriesCodec, putInquiryRows, readInquiryRows } from '../artifacts/codecs/inquiries.ts';
import { DatasetWriter } from '../artifacts/dataset.ts';
import { shardsOf } from '../artifacts/shards.ts';
import type { ArtifactRef } from '../core/artifact.ts';
import type { ArtifactStore } from '../core/stage.ts';
import { type Images, pixelsOf } from './images.ts';
import { type LoadOptions, loadImages } from './loader/load.ts';

/** Inquiry images in order of selection: subject k is generated around inquiry k. */
export interface InquirySet extends InquiryRows {
  readonly pictures: Images;
  /** int32 [N], which of `pictures` */
  readonly rows: Int32Array;
}

/** Stores inquiries: images as a dataset (identity = inquiry), embeddings and sources beside them. */
export const saveInquiries = async (
  store: ArtifactStore,
  set: InquirySet,
  meta: { maxSimilarity: number },
): Promise<ArtifactRef> => {
  const { count, embeddingSize, pictures, rows } = set;
  const { height, width } = pictures;
  const writer = new DatasetWriter(store, { height, width });
  for (const [identity, row] of rows.entries()) {
    await writer.add({ identity, image: 0, pixels: await pixelsOf(pictures, row) });
  }
  const files = [...(await writer.files()), ...(await putInquiryRows(store, set))];
  return inquiriesCodec.write(
    store,
    { identities: count, images: count, embeddingSize, height, width, ...meta },
    files,
  );
};

/** Loads inquiries whole. @throws CemiflowError `ArtifactInvalid` where files disagree */
export const loadInquiries = async (
  store: ArtifactStore,
  ref: ArtifactRef,
  options: LoadOptions = {},
): Promise<InquirySet> => {
  const artifact = await inquiriesCodec.read(store, ref);
  const { height, width, images } = artifact.meta;
  const pictures = await loadImages(store, shardsOf(artifact.files), { height, width, images }, options);
  const { count } = pictures;
  const rows = Int32Array.from({ length: count }, (_, row) => row);
  return { ...(await readInquiryRows(store, artifact, count)), pictures, rows };
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
