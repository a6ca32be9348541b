import { averaged } from '../../axes.ts';
import { benchmarkName, count, fixed, percent, sortBenchmarks } from '../../format.ts';
import { type Read, readFromAt } from '../../sources.ts';
import { type Cell, missing, sourceCell, sourceColumn, type TableModel } from '../../table.ts';
import { averageAt, averageCell, readAt, volumeCell } from '../accuracy/table.ts';
import type { Accuracies } from '../accuracy/verification.ts';
import { frechetHead, frechetNotes } from './frechet.ts';
import { type Cost, costs, type MethodRow, type Methods } from './row.ts';

type Column = TableModel['columns'][number] & { readonly cell: (row: MethodRow) => Cell };

/** One row for each method. Columns that no row fills are left out. */
export const methodsTable = ({ rows, judge, gallery }: Methods, note: string): TableModel => {
  const columns = columnsOf(rows, gallery);
  const reference = rows.find((row) => row.reference);
  const withRuns = rows.some((row) => row.runs.length > 1);
  return {
    id: 'methods',
    caption: 'Methods side by side',
    columns: [...columns.map(({ cell: _, ...column }) => column), sourceColumn],
    rows: rows.map((row) => ({
      reference: row.reference,
      cells: [...columns.map(({ cell }) => cell(row)), sourceCell(...row.runs)],
    })),
    notes: [
      'Accuracy of 1:1 verification in percent; average: the mean of the benchmarks.',
      ...(withRuns
        ? [
            'Where there are several runs, the number is their mean and ± the sample standard deviation (n − 1) over them.',
          ]
        : []),
      ...(reference
        ? [`GtR (gap to real): the average of “${reference.label}” minus the row’s, in percentage points.`]
        : []),
      ...(rows.filter((row) => !row.real).length > 1 ? ['Bold: the best of its column, real data left out.'] : []),
      ...(rows.some(({ volume }) => volume)
        ? [
            'Volume: identities × images of each in the training set, with copies of the inquiry image where a set has them.',
          ]
        : []),
      ...(rows.some(({ similarity }) => similarity)
        ? [`Similarity: mean cosine between an image and the inquiry of its identity, by ${judge}.`]
        : []),
      ...frechetNotes(rows, judge),
      ...(rows.some(({ privacy }) => privacy)
        ? [
            `Privacy: how much more often a search among ${gallery} returns somebody for an identity of the set than for a stranger, in percentage points, by ${judge}; in brackets the 95 % interval of a single set.`,
          ]
        : []),
      ...(note ? [note] : []),
    ],
    ...(rows.some(({ cost }) => Object.keys(cost).length > 0) ? { tookNote } : {}),
  };
};

const tookNote =
  'Costs: seconds of wall time, added up over the actions that made what the spec names, their shards included. Each counts with the run that made it, be that another one, and in every row that needs it. Of an action that was interrupted, its last attempt alone is counted. Equal runs differ in time: it is read from their records when this page is written, and audited with them.';

const columnsOf = (rows: readonly MethodRow[], gallery: string): Column[] => {
  const sets = sortBenchmarks(rows.flatMap((row) => Object.keys(row.sets)));
  const only = (column: Column, has: (row: MethodRow) => unknown): Column[] => (rows.some(has) ? [column] : []);
  return [
    { label: 'Trained on', numeric: false, cell: ({ label }) => ({ text: label }) },
    ...only({ label: 'Loss', numeric: false, cell: ({ loss = '' }) => ({ text: loss }) }, ({ loss }) => loss),
    ...only(
      { label: 'Volume', numeric: true, title: 'identities × images of each', cell: volumeCell },
      ({ volume }) => volume,
    ),
    ...only(
      {
        ...{ label: 'Runs', numeric: true, title: 'how many students the means are taken over' },
        cell: (row) => ({ text: count(row.runs.length), ...readAt('manifest', row) }),
      },
      ({ runs }) => runs.length > 1,
    ),
    ...sets.map((set): Column => {
      const best = bestOf(rows, (row) => row.sets[set]?.accuracy);
      return { label: benchmarkName(set), numeric: true, cell: (row) => meanAccuracyCell(set, row, best(row)) };
    }),
    averageColumn(rows),
    ...only(
      { label: 'GtR', numeric: true, title: 'gap to real, percentage points', cell: gapCellOf(rows) },
      (row) => row.gap !== undefined,
    ),
    ...only(
      {
        ...{ label: 'Similarity', numeric: true, title: 'to the inquiry' },
        cell: ({ similarity }) =>
          meanCell(
            similarity,
            'mean',
            ({ mean }) => mean,
            (value) => fixed(value, 3),
          ),
      },
      ({ similarity }) => similarity,
    ),
    ...only(
      {
        ...{ ...frechetHead(rows), numeric: true },
        cell: ({ frechet }) =>
          meanCell(
            frechet,
            'distance',
            ({ distance }) => distance,
            (value) => fixed(value, 4),
          ),
      },
      ({ frechet }) => frechet,
    ),
    ...only(
      {
        label: 'Privacy',
        numeric: true,
        title: `nearer to ${gallery} than strangers, percentage points`,
        cell: privacyCell,
      },
      ({ privacy }) => privacy,
    ),
    ...costs.flatMap((what) => only(costColumn(what), ({ cost }) => cost[what])),
  ];
};

const averageColumn = (rows: readonly MethodRow[]): Column => {
  const best = bestOf(rows, ({ average }) => average);
  return {
    ...{ label: 'Average', numeric: true },
    cell: (row) => averageCell(row, best(row)),
  };
};

/** Whether a row has the highest value of those that are no real data. */
const bestOf = (
  rows: readonly MethodRow[],
  of: (row: MethodRow) => number | undefined,
): ((row: MethodRow) => boolean) => {
  const competing = rows.filter((row) => !row.real && of(row) !== undefined);
  const highest = Math.max(...competing.map((row) => of(row) as number));
  return (row) => competing.length > 1 && competing.includes(row) && of(row) === highest;
};

/** Of one student, the deviation over folds is left out: it is no deviation over runs. */
export const meanAccuracyCell = (name: string, row: Accuracies, best = false): Cell => {
  const set = row.sets[name];
  if (set === undefined) return missing;
  const spread = row.runs.length > 1 ? { spread: percent(set.std) } : {};
  return { text: percent(set.accuracy), ...spread, ...readAt(`metrics.json#/sets/${name}/accuracy`, row), best };
};

/** A reference has no gap to itself. */
export const gapCellOf = (rows: readonly MethodRow[]) => {
  const reference = rows.find((row) => row.reference);
  return (row: MethodRow): Cell =>
    row.gap === undefined || reference === undefined
      ? missing
      : { text: percent(row.gap), ...readAt(averageAt, ...new Set([reference, row])) };
};

const meanCell = <T>(
  runs: readonly (T & Read)[] | undefined,
  pointer: string,
  of: (run: T) => number,
  print: (value: number) => string,
): Cell => {
  if (!runs) return missing;
  const { mean, std } = averaged(runs.map(of));
  return {
    text: print(mean),
    ...(std === undefined ? {} : { spread: print(std) }),
    ...readFromAt(`metrics.json#/${pointer}`, runs),
    linked: true,
  };
};

const privacyCell = ({ privacy }: MethodRow): Cell => {
  const points = (value: number): string => percent(value, 1);
  const cell = meanCell(
    privacy,
    'identities/difference/value',
    ({ identities }) => identities.difference.value,
    points,
  );
  const [only, ...others] = privacy ?? [];
  if (!only || others.length > 0) return cell;
  const { lowest, highest } = only.identities.difference;
  return { ...cell, text: `${cell.text} [${points(lowest)}, ${points(highest)}]` };
};

const costColumn = (what: Cost): Column => ({
  ...{ label: { training: 'Training, s', generation: 'Generation, s', students: 'Students, s' }[what], numeric: true },
  title: {
    training: 'seconds that training the generator and its helpers took',
    generation: 'seconds that generating the set took',
    students: 'seconds that training all students of the row took',
  }[what],
  cell: ({ cost }) => (cost[what] ? { ...missing, took: cost[what] } : missing),
});
