import { defineCodec } from '../codec.ts';

export interface ReportMeta {
  readonly title: string;
}

export const reportCodec = defineCodec<ReportMeta>({
  type: 'report',
  versions: [(fields) => ({ title: fields.string('title') })],
});
