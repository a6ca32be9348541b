import { type DatasetMeta, datasetCodec } from '../../../artifacts/codecs/dataset.ts';
import { fillLabel } from '../../labels.ts';
import { listed, type OneOrMany } from '../../params.ts';
import type { ReportReader } from '../../reader.ts';
import type { Read } from '../../sources.ts';

export type SetsParams = readonly { readonly label: string; readonly data: OneOrMany }[];

/** What a set's manifest states of it. */
type Stated = Pick<
  DatasetMeta,
  | 'identities'
  | 'images'
  | 'peopleShown'
  | 'licence'
  | 'source'
  | 'consent'
  | 'skipped'
  | 'transparent'
  | 'duplicates'
  | 'similarNames'
>;

export interface SetRow extends Read, Stated {
  readonly label: string;
}

export const readSets = async (params: SetsParams, reader: ReportReader): Promise<SetRow[]> => {
  const rows: SetRow[] = [];
  for (const [s, { label, data }] of params.entries())
    for (const { artifact, input, matrix } of listed(data, `sets.${s}.data`)) {
      const name = fillLabel(label, matrix);
      const manifest = await reader.open(artifact, `set: ${name}`, matrix);
      const { identities, images, peopleShown, licence, consent, ...meta } = datasetCodec.parse(
        manifest,
        artifact.digest,
      );
      rows.push({
        ...{ label: name, artifact: artifact.digest, input, identities, images, peopleShown, licence, consent },
        ...(meta.source !== undefined && { source: meta.source }),
        ...(meta.skipped && { skipped: meta.skipped }),
        ...(meta.transparent !== undefined && { transparent: meta.transparent }),
        ...(meta.duplicates && { duplicates: meta.duplicates }),
        ...(meta.similarNames && { similarNames: meta.similarNames }),
      });
    }
  return rows;
};
