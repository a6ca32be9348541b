import { type InquiryOrigin, inquiriesCodec } from '../../../artifacts/codecs/inquiries.ts';
import type { ArtifactManifest, ArtifactRef } from '../../../core/artifact.ts';
import type { Digest } from '../../../core/digest.ts';
import type { CemiflowError, Json } from '../../../core/errors.ts';
import { plural } from '../../../core/words.ts';
import type { Picture } from '../../pictures.ts';
import { inputInvalid, type ReportReader } from '../../reader.ts';

export interface GridParams {
  readonly data: ArtifactRef;
  readonly inquiries: ArtifactRef;
  readonly rows: number;
}

/** Rows share their noise; columns are the values of m. */
export interface Grid {
  readonly artifact: Digest;
  readonly inquiries: Digest;
  readonly m: readonly number[];
  /** An inquiry that is a vector has no picture. */
  readonly rows: readonly { readonly inquiry?: Picture; readonly pictures: readonly Picture[] }[];
  readonly origin: InquiryOrigin;
}

/** Row r of the grid was made from the r-th inquiry in the inquiries' shards. */
export const readGrid = async ({ data, inquiries, rows }: GridParams, reader: ReportReader): Promise<Grid> => {
  const m = columnsOf(await reader.open(data, 'grid of generated images'), data);
  const { origin, identities } = inquiriesCodec.parse(
    await reader.open(inquiries, 'inquiries of the grid'),
    inquiries.digest,
  );
  const asked: Picture[] = [];
  for await (const picture of reader.firstPictures(inquiries, rows, 1)) asked.push(picture);
  const found = new Map<number, Picture[]>();
  for await (const picture of reader.firstPictures(data, rows, m.length)) {
    const row = found.get(picture.identity) ?? [];
    row[picture.image] = picture;
    found.set(picture.identity, row);
  }
  const made = [...found.entries()].sort(([a], [b]) => a - b);
  return {
    artifact: data.digest,
    inquiries: inquiries.digest,
    m,
    origin,
    rows: made.map(([row, pictures]) => {
      const inquiry = asked[row];
      const known = origin === 'images' ? inquiry !== undefined : row < identities;
      if (!known || pictures.filter(Boolean).length !== m.length) {
        throw badGrid(
          data,
          `row ${row} must have an inquiry and one image for each of ${plural(m.length, 'value')} of m`,
        );
      }
      return { ...(inquiry && { inquiry }), pictures };
    }),
  };
};

const columnsOf = ({ meta }: ArtifactManifest, ref: ArtifactRef): number[] => {
  const m = (meta.grid as { m?: Json } | undefined)?.m;
  if (Array.isArray(m) && m.length > 0 && m.every((value) => typeof value === 'number')) return m as number[];
  throw badGrid(ref, 'meta.grid.m must list the values of m');
};

const badGrid = (ref: ArtifactRef, message: string): CemiflowError =>
  inputInvalid(ref, `grid ${ref.digest}: ${message}`);
