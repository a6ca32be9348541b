import { identificationKind } from '../../../artifacts/codecs/metrics-identification.ts';
import type { IdentificationMetrics } from '../../../metrics/identification.ts';
import type { Block } from '../../block.ts';
import { count, percent } from '../../format.ts';
import { fillLabel } from '../../labels.ts';
import { listed, type OneOrMany } from '../../params.ts';
import type { ReportReader } from '../../reader.ts';
import { type Read, readFrom } from '../../sources.ts';
import { type Cell, sourceCell, sourceColumn, type TableModel } from '../../table.ts';
import { channelsNote } from '../accuracy/channels.ts';

type IdentificationParams = readonly { readonly label: string; readonly metrics: OneOrMany }[];
type IdentificationRow = Omit<IdentificationMetrics, 'kind'> & Read & { readonly label: string };

/** How often a search in a gallery finds the right person. */
export const block: Block<IdentificationParams, IdentificationRow[]> = {
  order: 33,
  read: async (params, reader) => readRows(params, reader),
  draw: (rows) => ({
    section: { id: 'identification-section', title: 'Identification' },
    parts: [{ table: table(rows) }],
  }),
};

const readRows = async (params: IdentificationParams, reader: ReportReader): Promise<IdentificationRow[]> => {
  const rows: IdentificationRow[] = [];
  for (const [r, { label: template, metrics }] of params.entries())
    for (const { artifact, input, matrix } of listed(metrics, `identification.${r}.metrics`)) {
      const label = fillLabel(template, matrix);
      const found = await reader.metrics(artifact, identificationKind, `identification: ${label}`, matrix);
      const { kind: _, ...measured } = found;
      rows.push({ ...measured, label, artifact: artifact.digest, input });
    }
  return rows;
};

const table = (rows: readonly IdentificationRow[]): TableModel => ({
  id: 'identification',
  caption: 'Searches for probe images in a gallery of known people',
  columns: [
    { label: 'Trained on', numeric: false },
    { label: 'Gallery', numeric: true, title: 'people in the gallery' },
    { label: 'Probes', numeric: true, title: 'images that were searched for' },
    { label: 'Rank-1, %', numeric: true },
    { label: 'Rank-5, %', numeric: true },
    sourceColumn,
  ],
  rows: rows.map((row) => ({
    cells: [
      { text: row.label },
      number(row, 'gallery', count(row.gallery)),
      number(row, 'probes', count(row.probes)),
      number(row, 'rank1', percent(row.rank1)),
      number(row, 'rank5', percent(row.rank5)),
      sourceCell(row),
    ],
  })),
  notes: [
    'Rank-r: the share of probes whose own person is among the r most similar of the gallery. Equal similarity counts against the probe.',
    ...(rows.some(({ withoutMate }) => withoutMate > 0)
      ? ['Probes of people who are not in the gallery are left out.']
      : []),
    ...channelsNote(rows),
  ],
});

const number = (row: IdentificationRow, field: string, text: string): Cell => ({
  text,
  ...readFrom(row),
  at: [`metrics.json#/${field}`],
});
