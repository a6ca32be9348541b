import { levelOf } from '../../differences/chance.ts';
import { interval, signed } from '../../differences/table.ts';
import { benchmarkName, count, fixed, sortBenchmarks } from '../../format.ts';
import { type Cell, missing, sourceCell, sourceColumn, type TableModel, type TableRow } from '../../table.ts';
import { averageAt, averageCell, readAt } from '../accuracy/table.ts';
import { meanAccuracyCell } from '../methods/table.ts';
import type { PrintedRow } from './printed.ts';
import type { RepeatedRow, RepeatedTable } from './read.ts';

/** Whether a row of the table is put beside a printed one. */
export const repeatsPrinted = ({ rows }: Pick<RepeatedTable, 'rows'>): boolean =>
  rows.some(({ printed }) => printed !== undefined);

/** Our rows, each with the printed one below it. */
export const repeatedTable = (table: RepeatedTable): TableModel => {
  const { name, caption, scale, rows, differences } = table;
  const sets = sortBenchmarks([
    ...new Set(rows.flatMap(({ sets, printed }) => [...Object.keys(sets), ...Object.keys(printed?.sets ?? {})])),
  ]);
  const beside = repeatsPrinted(table);
  const suspects = rows.flatMap(({ label, printed }) => (printed?.suspect ? [`${label}: ${printed.suspect}`] : []));
  return {
    id: `tables-${name}`,
    caption,
    columns: [
      { label: 'Trained on', numeric: false },
      { label: 'Runs', numeric: true, title: 'how many runs the means are taken over' },
      ...sets.map((set) => ({ label: benchmarkName(set), numeric: true })),
      { label: 'Average', numeric: true },
      ...(differences
        ? [{ label: `${levelOf(differences.chance)} interval`, numeric: true, title: 'of the average alone' }]
        : []),
      ...(beside
        ? [{ label: 'Here − printed', numeric: true, title: 'difference of the averages, percentage points' }]
        : []),
      sourceColumn,
    ],
    rows: rows.flatMap((row, i) => [
      ourRow(
        row,
        { sets, beside },
        differences && interval(differences.rows[i]?.estimate ?? { lowest: 0, highest: 0 }),
      ),
      ...(row.printed ? [printedRow(row.label, row.printed, sets, differences !== undefined)] : []),
    ]),
    notes: [
      ...(scale
        ? [
            `Mini: ${scale}${beside ? ' Absolute values cannot be compared with the printed ones; whether rows are in the same order can.' : ''}`,
          ]
        : []),
      `Accuracy of 1:1 verification in percent, mean ± sample standard deviation over runs; average: the mean of the benchmarks.${beside ? ' Printed rows are quoted.' : ''}`,
      ...rows.flatMap(({ label, unlearned }) => (unlearned ? [unlearnedNote(label, unlearned)] : [])),
      ...suspects.map((text) => `The printed row is doubtful: ${text}.`),
    ],
  };
};

const unlearnedNote = (label: string, { accuracy, runs }: NonNullable<RepeatedRow['unlearned']>): string =>
  `† ${label}: ${runs} of the trainings did not converge: at the end they recognised less than half of their own training images without a margin (${accuracy.map((each) => `${fixed(100 * each, 1)} %`).join(', ')}).`;

interface Columns {
  readonly sets: readonly string[];
  /** Whether the table has a column for the difference from the printed row. */
  readonly beside: boolean;
}

const ourRow = (row: RepeatedRow, { sets, beside }: Columns, sure: string | undefined): TableRow => {
  const { printed, average } = row;
  const apart = printed?.average
    ? { text: signed(average - printed.average.value / 100), ...readAt(averageAt, row) }
    : missing;
  return {
    cells: [
      { text: `${row.label}${row.unlearned ? ' †' : ''}` },
      { text: count(row.runs.length), ...readAt('manifest', row) },
      ...sets.map((set) => meanAccuracyCell(set, row)),
      averageCell(row),
      ...(sure === undefined ? [] : [{ text: sure, ...readAt('metrics.json#/sets', row) }]),
      ...(beside ? [apart] : []),
      sourceCell(...row.runs),
    ],
  };
};

const printedRow = (label: string, printed: PrintedRow, sets: readonly string[], withInterval: boolean): TableRow => {
  const { artifact } = printed;
  const quoted = (value: number, at: string): Cell => ({
    text: fixed(value, 2),
    artifacts: [artifact],
    at: [at],
    quoted: true,
  });
  return {
    cells: [
      { text: `${label}, printed${printed.suspect ? ' ‡' : ''}` },
      missing,
      ...sets.map((set) => {
        const found = printed.sets[set];
        return found ? quoted(found.accuracy, found.at) : missing;
      }),
      printed.average
        ? quoted(printed.average.value, printed.average.at)
        : { text: 'did not converge', artifacts: [artifact], at: [printed.at], quoted: true },
      ...(withInterval ? [missing] : []),
      missing,
      { text: '', artifacts: [artifact], source: true },
    ],
  };
};
