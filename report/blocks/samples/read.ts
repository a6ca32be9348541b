import type { Digest } from '../../../core/digest.ts';
import { fillLabel } from '../../labels.ts';
import { listed, type OneOrMany } from '../../params.ts';
import type { Picture } from '../../pictures.ts';
import type { ReportReader } from '../../reader.ts';

export type SamplesParams = readonly {
  readonly label: string;
  readonly data: OneOrMany;
  readonly identities: number;
  readonly images: number;
}[];

/** Images of one dataset: a row for each identity. */
export interface SampleSheet {
  readonly label: string;
  readonly artifact: Digest;
  readonly rows: readonly (readonly Picture[])[];
  /** Instead of pictures, where the set has none. */
  readonly note?: string;
}

export const readSamples = async (params: SamplesParams, reader: ReportReader): Promise<SampleSheet[]> => {
  const sheets: SampleSheet[] = [];
  for (const [s, { label, data, identities, images }] of params.entries()) {
    for (const { matrix, artifact } of listed(data, `samples.${s}.data`)) {
      const name = fillLabel(label, matrix);
      const { type, meta } = await reader.open(artifact, `samples: ${name}`, matrix);
      const rows = new Map<number, Picture[]>();
      for await (const picture of reader.firstPictures(artifact, identities, images))
        rows.set(picture.identity, [...(rows.get(picture.identity) ?? []), picture]);
      const note = type === 'inquiries' && meta.images === 0 ? { note: 'vectors, without images' } : {};
      sheets.push({ label: name, artifact: artifact.digest, rows: [...rows.values()], ...note });
    }
  }
  return sheets;
};
