import { percent } from '../format.ts';
import { readFromAt } from '../sources.ts';
import { type Cell, missing, sourceCell, sourceColumn, type TableModel } from '../table.ts';
import { chanceNotes, levelOf } from './chance.ts';
import { alpha, type Compared, type Differences } from './differences.ts';

/** A difference in percentage points, always with its sign. */
export const signed = (difference: number): string => {
  const text = percent(difference);
  return difference > 0 && Number(text) !== 0 ? `+${text}` : text;
};

export const interval = ({ lowest, highest }: { readonly lowest: number; readonly highest: number }): string =>
  `[${percent(lowest)}, ${percent(highest)}]`;

/** Averages with their intervals, and which differences from one row are larger than their noise. */
export const differencesTable = (found: Differences, id: string, meanOver: readonly string[]): TableModel => {
  const { chance, rows, baseline, isBest } = found;
  const base = rows[baseline] as Compared;
  const level = levelOf(chance);
  return {
    id: `${id}-differences`,
    caption: `How sure the averages are, and their differences from “${base.label}”${isBest ? ', the best' : ''}`,
    columns: [
      { label: 'Trained on', numeric: false },
      { label: 'Average', numeric: true, title: 'accuracy, %' },
      { label: `${level} interval`, numeric: true, title: 'of this average alone' },
      { label: 'Difference', numeric: true, title: 'percentage points' },
      { label: `${level} interval of it`, numeric: true, title: 'of this difference alone, percentage points' },
      { label: 'p', numeric: true, title: 'two-sided, corrected by Holm’s method over this table' },
      { label: 'Shown', numeric: false, title: `whether the corrected p is below ${alpha}` },
      sourceColumn,
    ],
    rows: rows.map((row) => ({ cells: cellsOf(row, base) })),
    notes: [
      ...chanceNotes(chance, meanOver),
      `p: two-sided, from the same resamples; corrected over the ${rows.length - 1} differences of this table by Holm’s method. Shown: below ${alpha}. What is not shown may still be there: the interval says how large it can be.`,
    ],
  };
};

const cellsOf = ({ label, runs, estimate, fromBaseline }: Compared, base: Compared): Cell[] => {
  const sets = 'metrics.json#/sets';
  const both = [...runs, ...base.runs];
  const compared: Cell[] = fromBaseline
    ? [
        { text: signed(fromBaseline.difference), ...readFromAt('metrics.json#/average', both) },
        { text: interval(fromBaseline.alone), ...readFromAt(sets, both) },
        { text: pValue(fromBaseline.holm), ...readFromAt(sets, both) },
        { text: shownAs(fromBaseline.difference, fromBaseline.holm), ...readFromAt(sets, both) },
      ]
    : [missing, missing, missing, missing];
  return [
    { text: label },
    { text: percent(estimate.mean), ...readFromAt('metrics.json#/average', runs) },
    { text: interval(estimate), ...readFromAt(sets, runs) },
    ...compared,
    sourceCell(...runs),
  ];
};

/** Whether a difference is shown, by its corrected p. */
export const shownAs = (difference: number, p: number): string =>
  p >= alpha ? 'no' : difference > 0 ? 'higher' : 'lower';

export const pValue = (p: number): string => (p < 0.001 ? '< 0.001' : p.toFixed(3));

/** For `report.json`: what was found of each row. */
export const withDifference = <R extends object>(rows: readonly R[], found: Differences | undefined): object[] =>
  rows.map((row, i) => {
    const { estimate, fromBaseline } = found?.rows[i] ?? {};
    return { ...row, ...(estimate && { estimate }), ...(fromBaseline && { fromBaseline }) };
  });
