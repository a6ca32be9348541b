import { spreadNote } from '../../axes.ts';
import { benchmarkName, count, fixed, percent, sortBenchmarks } from '../../format.ts';
import { type Read, readFrom, readFromAt } from '../../sources.ts';
import { type Cell, missing, sourceCell, sourceColumn, type TableModel } from '../../table.ts';
import { channelsNote } from './channels.ts';
import type { AccuracyRow } from './row.ts';
import type { Accuracies } from './verification.ts';

/** Where the mean over all sets is. */
export const averageAt = 'metrics.json#/average';

/** The artifacts of a number that was taken over all runs of these rows, and where it is in each. */
export const readAt = (at: string, ...rows: readonly { readonly runs: readonly Read[] }[]) =>
  readFromAt(
    at,
    rows.flatMap((row) => row.runs),
  );

/** One row for each recognizer, one column for each benchmark. @param note a caution of the report's head */
export const accuracyTable = (rows: readonly AccuracyRow[], note: string): TableModel => {
  const sets = sortBenchmarks(rows.flatMap((row) => Object.keys(row.sets)));
  const references = rows.filter((row) => row.reference);
  const withSteps = rows.some((row) => row.training);
  const withVolume = rows.some((row) => row.volume);
  const withRuns = rows.some((row) => row.runs.length > 1);
  const best = contest(rows, sets);
  return {
    id: 'accuracy',
    caption: 'Verification accuracy of recognizers, by what they were trained on',
    columns: [
      { label: 'Trained on', numeric: false },
      ...(withVolume ? [{ label: 'Volume', numeric: true, title: 'identities × images of each' }] : []),
      ...(withSteps ? [{ label: 'Steps', numeric: true, title: 'optimizer steps of the training' }] : []),
      ...(withRuns ? [{ label: 'Runs', numeric: true, title: 'how many runs the means are taken over' }] : []),
      ...sets.map((set) => ({ label: benchmarkName(set), numeric: true })),
      { label: 'Average', numeric: true },
      ...references.map(({ label }) => ({
        label: references.length === 1 ? 'GtR' : `GtR, ${label}`,
        numeric: true,
        title: 'gap to real, percentage points',
      })),
      sourceColumn,
    ],
    rows: rows.map((row) => ({
      reference: row.reference,
      cells: [
        { text: row.label },
        ...(withVolume ? [volumeCell(row)] : []),
        ...(withSteps ? [stepsCell(row)] : []),
        ...(withRuns ? [{ text: count(row.runs.length), ...readAt('manifest', row) }] : []),
        ...sets.map((set) => accuracyCell(set, row, best(row, set))),
        averageCell(row, best(row)),
        ...row.gapsToReal.map(({ gap }, i) => gapCell(gap, row, references[i] as AccuracyRow)),
        sourceCell(...row.runs),
      ],
    })),
    notes: notesOf(rows, { references, withVolume, withSteps, withRuns, note }),
  };
};

const notesOf = (
  rows: readonly AccuracyRow[],
  shown: {
    references: readonly AccuracyRow[];
    withVolume: boolean;
    withSteps: boolean;
    withRuns: boolean;
    note: string;
  },
): string[] => [
  'Accuracy of 1:1 verification in percent, mean ± standard deviation over the folds; average: the mean of the sets.',
  ...(shown.withRuns ? [spreadNote([...new Set(rows.flatMap(({ meanOver }) => meanOver))])] : []),
  ...(shown.references.length > 0
    ? [
        `GtR (gap to real): the average of ${shown.references.map(({ label }) => `“${label}”`).join(' or ')} minus the row’s, in percentage points.`,
      ]
    : []),
  ...(rows.filter((row) => row.generated).length > 1 ? ['Bold: the best of its column, real data left out.'] : []),
  ...(shown.withVolume
    ? [
        'Volume: identities × images of each in the training set, with copies of the inquiry image where a generated set has them.',
      ]
    : []),
  ...(shown.withSteps ? ['Steps: optimizer steps of the training.'] : []),
  ...channelsNote(rows.flatMap(({ label, runs }) => runs.map((run) => ({ ...run, label })))),
  ...(shown.note ? [shown.note] : []),
];

/** Says whether a row is the best of a column among generated sets; without a set, of the averages. */
const contest = (rows: readonly AccuracyRow[], sets: readonly string[]) => {
  const generated = rows.filter((row) => row.generated);
  const valueIn = (row: AccuracyRow, set?: string): number =>
    (set === undefined ? row.average : row.sets[set]?.accuracy) ?? Number.NEGATIVE_INFINITY;
  const highest = (set?: string): number => Math.max(...generated.map((row) => valueIn(row, set)));
  const bestOf = new Map([undefined, ...sets].map((set) => [set, highest(set)]));
  return (row: AccuracyRow, set?: string): boolean => {
    const value = valueIn(row, set);
    return generated.length > 1 && row.generated && Number.isFinite(value) && value === bestOf.get(set);
  };
};

const accuracyCell = (name: string, row: AccuracyRow, best: boolean): Cell => {
  const set = row.sets[name];
  if (set === undefined) return missing;
  const from = readAt(`metrics.json#/sets/${name}/accuracy`, row);
  return { text: percent(set.accuracy), spread: percent(set.std), ...from, best };
};

export const averageCell = (row: Accuracies, best = false): Cell => ({
  text: percent(row.average),
  ...(row.averageStd === undefined ? {} : { spread: percent(row.averageStd) }),
  ...readAt(averageAt, row),
  best,
});

export const volumeCell = (row: Pick<AccuracyRow, 'volume'>): Cell => {
  if (!row.volume) return missing;
  const { identities, images } = row.volume;
  const each = images / identities;
  const text = Number.isInteger(each)
    ? `${count(identities)} × ${count(each)}`
    : `${count(identities)}; ${count(images)} in all`;
  return { text, ...readFrom(row.volume), at: ['manifest#/meta/images'], linked: true };
};

const stepsCell = ({ training }: AccuracyRow): Cell => {
  if (!training) return missing;
  const { steps, runs } = training;
  const text = Number.isInteger(steps) ? count(steps) : fixed(steps, 1);
  return { text, ...readFrom(...runs), at: runs.map(({ at }) => at), linked: true };
};

/** A reference has no gap to itself. */
const gapCell = (gap: number, row: AccuracyRow, reference: AccuracyRow): Cell => ({
  text: percent(gap),
  ...(row === reference ? readAt(averageAt, reference) : readAt(averageAt, reference, row)),
});
