import type { ArtifactRef, FileEntry } from '../../core/artifact.ts';
import type { Digest } from '../../core/digest.ts';
import { CemiflowError } from '../../core/errors.ts';
import type { ArtifactStore } from '../../core/stage.ts';
import { type Artifact, type ArtifactReader, defineCodec, readable } from '../codec.ts';
import type { Fields } from '../fields.ts';
import { getTensors, putTensors } from '../tensors.ts';
import { imageCounts } from './dataset.ts';

/**
 * Where inquiries come from: `images`, each with its picture; identity `centers` or `random` vectors, which are embeddings and
 * nothing else (CemiFace table 8).
 */
export const inquiryOrigins = ['images', 'centers', 'random'] as const;
export type InquiryOrigin = (typeof inquiryOrigins)[number];

/** What is known of inquiries. */
export interface InquiriesMeta {
  readonly identities: number;
  /** Inquiry images, in shards as a dataset's, identity k being inquiry k. 0 where inquiries are vectors. */
  readonly images: number;
  /** In pixels; absent where there are no images. */
  readonly height?: number;
  readonly width?: number;
  readonly origin: InquiryOrigin;
  /** Length of an embedding. */
  readonly embeddingSize: number;
  /** Digest of the recognizer in whose space the embeddings lie; absent in artifacts of older versions. */
  readonly recognizer?: Digest;
  /** Every pair of them is less similar than this; absent where no pair was compared. */
  readonly maxSimilarity?: number;
  /** Candidates that were looked at until enough inquiries were found. */
  readonly candidates?: number;
  /** Sets of people whom no inquiry resembles, where some were given. */
  readonly against?: readonly ComparedSet[];
}

/** A set that candidates were compared with. */
export interface ComparedSet {
  /** Digest of the dataset. */
  readonly data: Digest;
  /** No inquiry is more similar than this to any of its identities, or images. */
  readonly maxSimilarity: number;
  readonly by: 'identities' | 'images';
  /** Candidates that were left out because they are; of several sets, the first counts. */
  readonly leftOut: number;
}

/** What is written of inquiries: older ones state neither origin nor recognizer. */
export type InquiriesWritten = InquiriesMeta & { readonly recognizer: Digest };

/** What is kept of each inquiry beside its image. */
export interface InquiryRows {
  readonly count: number;
  readonly embeddingSize: number;
  /** float32 [N, D], unit rows: E_id of the images, or the vectors themselves */
  readonly embeddings: Float32Array;
  /** int32 [N], identity and image number in the set that they were chosen from; of a vector, its number among all and 0 */
  readonly identities: Int32Array;
  readonly images: Int32Array;
}

export const inquiriesCodec = defineCodec<InquiriesMeta, InquiriesWritten>({
  type: 'inquiries',
  versions: [
    (fields) => {
      const origin = fields.optional('origin', (each) => each.oneOf('origin', inquiryOrigins)) ?? 'images';
      return {
        ...(origin === 'images' ? chosenImages(fields) : vectors(fields)),
        origin,
        embeddingSize: fields.integer('embeddingSize', { from: 1 }),
        ...fields.optional('recognizer', (each) => ({ recognizer: each.digest('recognizer') })),
        ...fields.optional('candidates', (each) => ({ candidates: each.integer('candidates') })),
        ...fields.optional('against', (each) => ({ against: each.list('against', comparedSet) })),
      };
    },
  ],
});

const comparedSet = (fields: Fields): ComparedSet => ({
  data: fields.digest('data'),
  maxSimilarity: fields.number('maxSimilarity'),
  by: fields.oneOf('by', ['identities', 'images']),
  leftOut: fields.integer('leftOut'),
});

const chosenImages = (fields: Fields) => ({
  ...imageCounts(fields),
  maxSimilarity: fields.number('maxSimilarity'),
});

const vectors = (fields: Fields) => {
  if (fields.integer('images') !== 0) throw fields.fault('images', '0, because the inquiries are vectors');
  return { identities: fields.integer('identities'), images: 0 };
};

/** A stage that needs the pictures of inquiries that are vectors. @param remedy for this stage */
export const inquiriesWithoutImages = (
  { digest }: ArtifactRef,
  { origin, identities }: Pick<InquiriesMeta, 'origin' | 'identities'>,
  remedy: string,
): CemiflowError =>
  new CemiflowError(
    'InquiriesWithoutImages',
    `inquiries ${digest} are ${origin === 'centers' ? 'identity centers' : 'random vectors'}, which have no images`,
    { remedy, data: { inquiries: digest, origin, identities } },
  );

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
 * @param count of inquiries that the artifact must have
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
