import { datasetCodec } from '../../../artifacts/codecs/dataset.ts';
import { inquiriesCodec } from '../../../artifacts/codecs/inquiries.ts';
import type { ArtifactRef } from '../../../core/artifact.ts';
import type { Digest } from '../../../core/digest.ts';
import { fillLabel } from '../../labels.ts';
import { listed, type OneOrMany, type Placed } from '../../params.ts';
import type { Picture } from '../../pictures.ts';
import { inputInvalid, type ReportReader } from '../../reader.ts';

export interface SubjectsParams {
  readonly inquiries?: ArtifactRef;
  readonly sets: readonly SetParams[];
  readonly own: readonly SetParams[];
  readonly identities: number;
  readonly images: number;
}

interface SetParams {
  readonly label: string;
  readonly data: OneOrMany;
}

/** Images of a set, a row for each identity. */
export interface SubjectSet {
  readonly label: string;
  readonly artifact: Digest;
  readonly rows: readonly { readonly identity: number; readonly pictures: readonly Picture[] }[];
}

export interface Subjects {
  /** Columns of each set. */
  readonly images: number;
  /** Inquiries by their number; where they are vectors, without pictures. Absent where no set has any. */
  readonly inquiries?: { readonly artifact: Digest; readonly count: number; readonly pictures: readonly Picture[] };
  /** Sets whose identity k was made from inquiry k. */
  readonly sets: readonly SubjectSet[];
  /** Sets with identities of their own. */
  readonly own: readonly SubjectSet[];
}

/** Identity k of a generated set was made around the k-th inquiry in the inquiries' shards. */
export const readSubjects = async (params: SubjectsParams, reader: ReportReader): Promise<Subjects> => {
  const { inquiries: ref, identities, images } = params;
  const [joined, own] = [placedSets(params.sets, 'subjects.sets'), placedSets(params.own, 'subjects.own')];
  const [first] = joined;
  if (first && !ref)
    throw inputInvalid(first.at.artifact, `subjects.sets lists "${first.label}", and subjects.inquiries is missing`);
  const inquiries = ref && joined.length > 0 ? await readInquiries(ref, identities, reader) : undefined;
  const sets: SubjectSet[] = [];
  for (const each of joined) sets.push(await readSet(each, params, reader, inquiries?.pictures));
  const others: SubjectSet[] = [];
  for (const each of own) others.push(await readSet(each, params, reader));
  return { images, ...(inquiries && { inquiries }), sets, own: others };
};

interface PlacedSet {
  readonly label: string;
  readonly at: Placed;
}

const placedSets = (sets: readonly SetParams[], place: string): PlacedSet[] =>
  sets.flatMap(({ label, data }, s) =>
    listed(data, `${place}.${s}.data`).map((at) => ({ label: fillLabel(label, at.matrix), at })),
  );

const readInquiries = async (ref: ArtifactRef, identities: number, reader: ReportReader) => {
  const meta = inquiriesCodec.parse(await reader.open(ref, 'inquiries of the same identities'), ref.digest);
  const pictures: Picture[] = [];
  for await (const picture of reader.firstPictures(ref, identities, 1)) pictures.push(picture);
  return { artifact: ref.digest, count: Math.min(identities, meta.identities), pictures };
};

/** @param inquiries that it must have been made from, as far as it shows @throws CemiflowError `ReportInputInvalid` */
const readSet = async (
  { label, at: { artifact: ref, matrix } }: PlacedSet,
  { identities, images }: SubjectsParams,
  reader: ReportReader,
  inquiries: readonly Picture[] = [],
): Promise<SubjectSet> => {
  const manifest = await reader.open(ref, `same identities: ${label}`, matrix);
  const { generatedImages = Number.POSITIVE_INFINITY, oversample = 0 } = datasetCodec.parse(manifest, ref.digest);
  const copied = inquiries.length > 0 && oversample > 0;
  const pictures = new Map<number, Picture[]>();
  for await (const picture of reader.firstPictures(ref, identities, copied ? generatedImages + 1 : images)) {
    const { identity, image } = picture;
    // Copies of the inquiry follow what was generated: they show what the set was made from.
    if (image >= generatedImages) {
      if (copied) checkCopy(ref, picture, inquiries[identity], label);
    } else if (image < images) pictures.set(identity, [...(pictures.get(identity) ?? []), picture]);
  }
  const rows = [...pictures].map(([identity, shown]) => ({ identity, pictures: shown }));
  return { label, artifact: ref.digest, rows };
};

const checkCopy = (ref: ArtifactRef, copy: Picture, inquiry: Picture | undefined, label: string): void => {
  if (inquiry === undefined || inquiry.pngBase64 === copy.pngBase64) return;
  throw inputInvalid(
    ref,
    `"${label}" was not made from these inquiries: identity ${copy.identity} holds a copy of another image; sets with identities of their own are listed under subjects.own`,
  );
};
