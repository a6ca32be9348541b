import type { Digest } from '../../../core/digest.ts';
import { spreadNote } from '../../axes.ts';
import { count, fixed } from '../../format.ts';
import { readFromAt } from '../../sources.ts';
import { type Cell, missing, sourceCell, sourceColumn, type TableModel, type TableRow } from '../../table.ts';
import type { Column, Measure, MeasureRow } from './read.ts';

/** Our rows, each with the printed one below it. */
export const measuresTable = ({ name, caption, scale, note, meanOver, columns, rows }: Measure): TableModel => {
  const withRuns = rows.some(({ runs }) => runs.length > 1);
  const withPrinted = rows.some(({ printed }) => printed);
  return {
    id: `measures-${name}`,
    caption,
    columns: [
      { label: 'Measured', numeric: false },
      ...(withRuns ? [{ label: 'Runs', numeric: true, title: 'how many runs the means are taken over' }] : []),
      ...columns.map(({ label }) => ({ label, numeric: true })),
      sourceColumn,
    ],
    rows: rows.flatMap((row) => [ourRow(row, columns, withRuns), ...printedRows(row, columns, withRuns)]),
    notes: [
      ...(scale
        ? [`Mini: ${scale}${withPrinted ? ' Absolute values cannot be compared with the printed ones.' : ''}`]
        : []),
      ...(note ? [note] : []),
      ...(withPrinted ? ['Printed rows are quoted.'] : []),
      ...(withRuns ? [spreadNote(meanOver)] : []),
    ],
  };
};

const ourRow = ({ label, values, runs }: MeasureRow, columns: readonly Column[], withRuns: boolean): TableRow => ({
  cells: [
    { text: label },
    ...(withRuns ? [{ text: count(runs.length), ...readFromAt('manifest', runs) }] : []),
    ...columns.map((column, c): Cell => {
      const { value, std, at } = values[c] as MeasureRow['values'][number];
      return {
        text: shown(value, column),
        ...(std !== undefined && { spread: shown(std, column) }),
        ...readFromAt(at, runs),
      };
    }),
    sourceCell(...runs),
  ],
});

const printedRows = ({ label, printed }: MeasureRow, columns: readonly Column[], withRuns: boolean): TableRow[] => {
  if (!printed) return [];
  const artifacts = [printed.artifact as Digest];
  const cells = printed.values.map((found, c): Cell => {
    if (!found) return missing;
    const { decimals } = columns[c] as Column;
    return { text: fixed(found.value, decimals), artifacts, at: [found.at], quoted: true };
  });
  return [
    {
      cells: [
        { text: `${label}, printed` },
        ...(withRuns ? [missing] : []),
        ...cells,
        { text: '', artifacts, source: true },
      ],
    },
  ];
};

const shown = (value: number, { percent, decimals }: Column): string => fixed(percent ? value * 100 : value, decimals);
