import { type Artifact, type ArtifactReader, defineCodec, readJsonFields } from '../codec.ts';
import type { Fields } from '../fields.ts';

export interface ReportMeta {
  readonly title: string;
}

export const reportCodec = defineCodec<ReportMeta>({
  type: 'report',
  versions: [(fields) => ({ title: fields.string('title') })],
  contents: (artifact, store) => readReportNumbers(store, artifact),
});

/** `report.json`: the numbers of the report, each with the artifact that it was read from. @throws CemiflowError `ArtifactInvalid` */
export const readReportNumbers = (store: ArtifactReader, artifact: Artifact<ReportMeta>): Promise<Fields> =>
  readJsonFields(store, artifact, 'report.json');
