import { templatesKind } from '../../../artifacts/codecs/metrics-templates.ts';
import type { NearestTar } from '../../../metrics/templates.ts';
import type { Channels } from '../../../metrics/verification.ts';
import type { Block } from '../../block.ts';
import { benchmarkName, count, percent } from '../../format.ts';
import { fillLabel } from '../../labels.ts';
import { listed, type OneOrMany } from '../../params.ts';
import type { ReportReader } from '../../reader.ts';
import { pointerSegment, type Read, readFrom } from '../../sources.ts';
import { type Cell, sourceCell, sourceColumn, type TableModel } from '../../table.ts';
import { channelsNote } from '../accuracy/channels.ts';

type TemplateParams = readonly { readonly label: string; readonly metrics: OneOrMany }[];

interface TemplateRow extends Read {
  readonly label: string;
  readonly set: string;
  readonly channels: Channels;
  readonly pairs: number;
  readonly tar: readonly NearestTar[];
}

/** Verification of templates, sets of photos and video frames of a person. */
export const block: Block<TemplateParams, TemplateRow[]> = {
  order: 34,
  read: async (params, reader) => readRows(params, reader),
  draw: (rows) => ({
    section: { id: 'templates-section', title: 'Verification of templates' },
    parts: [{ table: table(rows) }],
  }),
};

const readRows = async (params: TemplateParams, reader: ReportReader): Promise<TemplateRow[]> => {
  const rows: TemplateRow[] = [];
  for (const [r, { label: template, metrics }] of params.entries())
    for (const { artifact, input, matrix } of listed(metrics, `templates.${r}.metrics`)) {
      const label = fillLabel(template, matrix);
      const { sets, channels } = await reader.metrics(artifact, templatesKind, `templates: ${label}`, matrix);
      for (const [set, { pairs, tar }] of Object.entries(sets))
        rows.push({ label, set, channels, pairs, tar, artifact: artifact.digest, input });
    }
  return rows;
};

const table = (rows: readonly TemplateRow[]): TableModel => ({
  id: 'templates',
  caption: 'True accept rates of pairs of templates, in percent',
  columns: [
    { label: 'Trained on, benchmark', numeric: false },
    { label: 'Pairs', numeric: true },
    ...(rows[0]?.tar ?? []).map(({ far }) => ({ label: `FAR ${rateText(far)}`, numeric: true })),
    sourceColumn,
  ],
  rows: rows.map((row) => ({
    cells: [
      { text: `${row.label}, ${benchmarkName(row.set)}` },
      number(row, 'pairs', count(row.pairs)),
      ...row.tar.map(({ tar }, i) => number(row, `tar/${i}/tar`, percent(tar))),
      sourceCell(row),
    ],
  })),
  notes: [
    'TAR: the share of pairs of one person that are accepted, at the threshold whose false accept rate (FAR) is nearest to the one named, above or below it.',
    ...channelsNote(rows),
  ],
});

/** 0.0001 as `1e−4`. */
const rateText = (rate: number): string => rate.toExponential(0).replace('-', '−');

const number = (row: TemplateRow, path: string, text: string): Cell => ({
  text,
  ...readFrom(row),
  at: [`metrics.json#/sets/${pointerSegment(row.set)}/${path}`],
});
