import type { Tar } from '../../../metrics/tar.ts';
import { benchmarkName, fixed, percent } from '../../format.ts';
import { pointerSegment, readFrom } from '../../sources.ts';
import { type Cell, missing, sourceCell, sourceColumn, type TableModel } from '../../table.ts';
import { channelsNote } from '../accuracy/channels.ts';
import type { RocRow } from './read.ts';

/** One row for each recognizer and benchmark. */
export const tarTable = (rows: readonly RocRow[]): TableModel => ({
  id: 'tar',
  caption: 'True accept rates at low false accept rates',
  columns: [
    { label: 'Trained on, benchmark', numeric: false },
    {
      label: 'TAR at FAR 1e−3, folds',
      numeric: true,
      title: 'threshold from the other folds, as InsightFace reports it',
    },
    { label: 'TAR at FAR 1e−3', numeric: true, title: 'all pairs together' },
    { label: 'TAR at FAR 1e−4', numeric: true, title: 'all pairs together' },
    { label: 'Best threshold', numeric: true, title: 'squared distance, chosen on all pairs' },
    sourceColumn,
  ],
  rows: rows.map((row) => ({
    cells: [
      { text: `${row.label}, ${benchmarkName(row.set)}` },
      foldedCell(row),
      ...[0, 1].map((i) => tarCell(row, i)),
      { text: fixed(row.best.threshold, 2), ...at(row, 'best/threshold') },
      sourceCell(row),
    ],
  })),
  notes: [
    'TAR: the share of same pairs accepted, in percent. FAR: the share of different pairs accepted. A pair is accepted where its squared distance is strictly below the threshold.',
    'Folds: for each fold the threshold where the other folds have FAR 1e−3, interpolated between steps of 0.001; mean ± standard deviation over the folds.',
    'All pairs: the highest TAR whose FAR is at most the one named. Where a benchmark has fewer different pairs than 1/FAR, none of them may be accepted.',
    ...channelsNote(rows),
  ],
});

const at = (row: RocRow, path: string) => ({
  ...readFrom(row),
  at: [`metrics.json#/sets/${pointerSegment(row.set)}/${path}`],
});

const foldedCell = (row: RocRow): Cell =>
  row.tarOverFolds
    ? { text: percent(row.tarOverFolds.tar), spread: percent(row.tarOverFolds.std), ...at(row, 'tarOverFolds/tar') }
    : missing;

const tarCell = (row: RocRow, i: number): Cell => {
  const found: Tar | undefined = row.tar[i];
  return found ? { text: percent(found.tar), ...at(row, `tar/${i}/tar`) } : missing;
};
