import {
  type ComparedSet,
  type InquiryOrigin,
  type InquiryRows,
  inquiriesCodec,
  inquiriesWithoutImages,
  putInquiryRows,
  readInquiryRows,
} from '../artifacts/codecs/inquiries.ts';
import { DatasetWriter } from '../artifacts/dataset.ts';
import { shardsOf } from '../artifacts/shards.ts';
import type { ArtifactRef } from '../core/artifact.ts';
import type { Digest } from '../core/digest.ts';
import { CemiflowError } from '../core/errors.ts';
import type { ArtifactStore } from '../core/stage.ts';
import { plural } from '../core/words.ts';
import { type Images, pixelsOf } from './images.ts';
import { type LoadOptions, loadImages } from './loader/load.ts';

/** Inquiries in order of selection: subject k is generated around inquiry k. */
export interface InquirySet extends InquiryRows {
  readonly origin: InquiryOrigin;
  /** Digest of the recognizer in whose space the embeddings lie, where it is known. */
  readonly recognizer?: Digest;
  /** Absent where inquiries are vectors. */
  readonly pictures?: Images;
  /** int32 [N], which of `pictures` */
  readonly rows: Int32Array;
}

/** What is stored of inquiries beside the set. */
export interface InquiryFacts {
  readonly recognizer: Digest;
  readonly maxSimilarity?: number;
  readonly candidates?: number;
  readonly against?: readonly ComparedSet[];
}

/** Stores inquiries: images, if they have any, as a dataset (identity = inquiry), embeddings and sources beside them. */
export const saveInquiries = async (
  store: ArtifactStore,
  set: InquirySet,
  facts: InquiryFacts,
): Promise<ArtifactRef> => {
  const { count, embeddingSize, origin, pictures, rows } = set;
  const meta = { identities: count, embeddingSize, origin, ...facts };
  const vectors = await putInquiryRows(store, set);
  if (!pictures) return inquiriesCodec.write(store, { ...meta, images: 0 }, vectors);
  const { height, width } = pictures;
  const writer = new DatasetWriter(store, { height, width });
  for (const [identity, row] of rows.entries()) {
    await writer.add({ identity, image: 0, pixels: await pixelsOf(pictures, row) });
  }
  const files = [...(await writer.files()), ...vectors];
  return inquiriesCodec.write(store, { ...meta, images: count, height, width }, files);
};

/** Loads inquiries whole. @throws CemiflowError `ArtifactInvalid` where files disagree */
export const loadInquiries = async (
  store: ArtifactStore,
  ref: ArtifactRef,
  options: LoadOptions = {},
): Promise<InquirySet> => {
  const artifact = await inquiriesCodec.read(store, ref);
  const { identities, height, width, images, origin, recognizer } = artifact.meta;
  const facts = { origin, ...(recognizer === undefined ? {} : { recognizer }) };
  if (height === undefined || width === undefined)
    return { ...(await readInquiryRows(store, artifact, identities)), ...facts, rows: new Int32Array() };
  const pictures = await loadImages(store, shardsOf(artifact.files), { height, width, images }, options);
  const { count } = pictures;
  const rows = Int32Array.from({ length: count }, (_, row) => row);
  return { ...(await readInquiryRows(store, artifact, count)), ...facts, pictures, rows };
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

/** How many inquiries are used after the first `skip`: `wanted`, or all for 0. @throws CemiflowError `TooFewInquiries` */
export const countOf = ({ count }: Pick<InquirySet, 'count'>, wanted: number, skip = 0): number => {
  const left = count - skip;
  if (left > 0 && wanted <= left) return wanted || left;
  const asked = wanted === 0 ? 'those' : plural(wanted, 'identity', 'identities');
  throw new CemiflowError(
    'TooFewInquiries',
    `asked for ${asked}${skip > 0 ? ` after the first ${skip}` : ''}, there are ${plural(count, 'inquiry', 'inquiries')}`,
    {
      remedy: `lower identities${skip > 0 ? ' or skip' : ''}, or select more inquiries`,
      data: { asked: wanted, skip, found: count },
    },
  );
};

/**
 * For a stage that uses inquiries that are vectors as they are: checks that they lie in the space of its recognizer.
 *
 * @throws CemiflowError `RecognizerMismatch`
 */
export const requireSpace = (ref: ArtifactRef, { recognizer: found }: InquirySet, wanted: Digest, remedy: string) => {
  if (found === wanted) return;
  throw new CemiflowError(
    'RecognizerMismatch',
    `inquiries ${ref.digest} are vectors in the embedding space of recognizer ${found}, not of ${wanted}`,
    { remedy, data: { inquiries: ref.digest, found: found ?? null, required: wanted } },
  );
};

/**
 * For a stage that looks at a generated set beside its inquiries: subject k was generated around inquiry k.
 *
 * @throws CemiflowError `InquiryMissing`
 */
export const requireInquiry = ({ count }: Pick<InquirySet, 'count'>, identity: number): void => {
  if (identity < count) return;
  throw new CemiflowError('InquiryMissing', `identity ${identity} has no inquiry among ${count}`, {
    remedy: 'give the inquiries that the set was generated from',
    data: { identity, inquiries: count },
  });
};

/** For a stage that needs the image of each inquiry. @throws CemiflowError `InquiriesWithoutImages` */
export const requireImages = (ref: ArtifactRef, { origin, pictures, count }: InquirySet, remedy: string) => {
  if (pictures === undefined) throw inquiriesWithoutImages(ref, { origin, identities: count }, remedy);
};
