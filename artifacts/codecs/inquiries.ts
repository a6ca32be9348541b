import type { FileEntry } from '../../core/artifact.ts';
import { CemiflowError } from '../../core/errors.ts';
import type { ArtifactStore } from '../../core/stage.ts';
import { type Artifact, type ArtifactReader, defineCodec, readable } from '../codec.ts';
import { getTensors, putTensors } from '../tensors.ts';
import { imageCounts } from './dataset.ts';

/** What is known of inquiry images. They lie in shards as a dataset's do, identity k being inquiry k. */
export interface InquiriesMeta {
  readonly identities: number;
  readonly images: number;
  readonly height: number;
  readonly width: number;
  /** Length of an embedding. */
  readonly embeddingSize: number;
  /** Every pair of them is less similar than this. */
  readonly maxSimilarity: number;
}

/** What is kept of each inquiry beside its image. */
export interface InquiryRows {
  readonly count: number;
  readonly embeddingSize: number;
  /** float32 [N, D], unit rows: E_id of the images */
  readonly embeddings: Float32Array;
  /** int32 [N], identity and image number in the set that they were chosen from */
  readonly identities: Int32Array;
  readonly images: Int32Array;
}

export const inquiriesCodec = defineCodec<InquiriesMeta>({
  type: 'inquiries',
  versions: [
    (fields) => ({
      ...imageCounts(fields),
      embeddingSize: fields.integer('embeddingSize', { from: 1 }),
      maxSimilarity: fields.number('maxSimilarity'),
    }),
  ],
});

/** Stores embeddings and sources, to lie beside the shards. @throws CemiflowError `NotFinite` */
export const putInquiryRows = (
  store: ArtifactStore,
  { count, embeddingSize, embeddings, identities, images }: InquiryRows,
): Promise<FileEntry[]> =>
  putTensors(store, stem, {
    embeddings: { dtype: 'F32', shape: [count, embeddingSize], data: embeddings },
    identities: { dtype: 'I32', shape: [count], data: identities },
    images: { dtype: 'I32', shape: [count], data: images },
  });

/**
 * Embeddings and sources.
 *
 * @param count of the images in the shards
 * @throws CemiflowError `ArtifactInvalid` where they do not fit the images
 */
export const readInquiryRows = (
  store: ArtifactReader,
  artifact: Artifact<InquiriesMeta>,
  count: number,
): Promise<InquiryRows> =>
  readable(artifact, `${stem}.safetensors`, async () => {
    const { embeddings, identities, images } = await getTensors(store, artifact, stem);
    const { embeddingSize } = artifact.meta;
    if (
      embeddings?.data instanceof Float32Array &&
      identities?.data instanceof Int32Array &&
      images?.data instanceof Int32Array &&
      `${embeddings.shape}` === `${[count, embeddingSize]}` &&
      [identities, images].every(({ data }) => data.length === count)
    )
      return {
        ...{ count, embeddingSize },
        ...{ embeddings: embeddings.data, identities: identities.data, images: images.data },
      };
    const message = `embeddings must be F32 [${count}, ${embeddingSize}], identities and images I32 [${count}]`;
    throw new CemiflowError('InquiriesInvalid', message, { remedy: 'select inquiries again' });
  });

const stem = 'embeddings';
