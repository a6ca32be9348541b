import { CemiflowError, type Json, type JsonObject } from '../core/errors.ts';
import { plain } from './format.ts';
import { matrixLabel } from './labels.ts';
import type { Placed } from './params.ts';

/** A value of a matrix axis. */
export type AxisValue = number | string | boolean;

/** Entries that differ only in the axes that are averaged over, such as `seed`. */
export interface Group {
  /** Without the axes that are averaged over. */
  readonly matrix: JsonObject;
  readonly members: readonly Placed[];
}

/** Repeats an experiment: averaged over where nothing else is said, and passed over where there is no such axis. */
const repetition = 'seed';

/** Gathers the entries that are averaged, in the order in which their groups first appear. @throws `ReportInputInvalid` */
export const groupsOf = (entries: readonly Placed[], meanOver: readonly string[]): Group[] => {
  const groups = new Map<string, { matrix: JsonObject; members: Placed[] }>();
  for (const entry of entries) {
    for (const axis of meanOver) if (axis !== repetition) valueOn(entry.matrix, axis);
    const matrix = Object.fromEntries(Object.entries(entry.matrix).filter(([axis]) => !meanOver.includes(axis)));
    const name = matrixLabel(matrix);
    const group = groups.get(name) ?? { matrix, members: [] };
    group.members.push(entry);
    groups.set(name, group);
  }
  return [...groups.values()];
};

/** Where a matrix point lies on an axis. @throws CemiflowError `ReportInputInvalid` */
export const valueOn = (matrix: JsonObject, axis: string): AxisValue => {
  const value = Object.hasOwn(matrix, axis) ? matrix[axis] : undefined;
  if (typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean') return value;
  throw invalid(
    `there is no axis "${axis}" in ${matrixLabel(matrix) || 'a list without a matrix'}`,
    `name one of its axes: ${Object.keys(matrix).join(', ') || '(none)'}`,
    { axis },
  );
};

/** The values of an axis in the order that a chart draws them: numbers ascending, others as they first appear. */
export const orderOf = (values: readonly AxisValue[]): AxisValue[] => {
  const once = [...new Set(values)];
  return once.every((value) => typeof value === 'number') ? (once as number[]).sort((a, b) => a - b) : once;
};

/** The axis of a chart: numbers are drawn to scale, other values side by side. */
export interface ChartAxis {
  /** Where a value is drawn. */
  at(value: AxisValue): number;
  /** The names at 0, 1, 2, …; absent for a numeric axis. */
  readonly categories?: readonly string[];
}

export const chartAxis = (values: readonly AxisValue[]): ChartAxis => {
  const order = orderOf(values);
  if (order.every((value) => typeof value === 'number')) return { at: Number };
  return { at: (value) => order.indexOf(value), categories: order.map(plain) };
};

/** Sorts points along their axis; two at one place would be drawn over each other. @throws `ReportInputInvalid` */
export const alongAxis = <P extends { readonly x: AxisValue; readonly matrix: JsonObject }>(
  points: readonly P[],
  axis: string,
): P[] => {
  const order = orderOf(points.map(({ x }) => x));
  const sorted = [...points].sort((a, b) => order.indexOf(a.x) - order.indexOf(b.x));
  sorted.forEach((point, i) => {
    const next = sorted[i + 1];
    if (next?.x !== point.x) return;
    const differing = Object.keys(point.matrix).filter((each) => point.matrix[each] !== next.matrix[each]);
    throw invalid(
      `several points have ${axis} = ${plain(point.x)}; they differ in ${differing.join(', ') || 'nothing'}`,
      differing.length > 0
        ? `draw a line for each value (series: ${differing[0]}), average over it (meanOver: [${differing[0]}]), or choose one`
        : 'list each point once',
      { axis },
    );
  });
  return sorted;
};

/** Mean of the values, and their sample standard deviation (n − 1) where there are several. */
export const averaged = (values: readonly number[]): { readonly mean: number; readonly std?: number } => {
  const [first = Number.NaN] = values;

  if (values.length === 1) return { mean: first };
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { mean, std: Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1)) };
};

/** What ± means where rows are means over several runs. */
export const spreadNote = (meanOver: readonly string[]): string =>
  `Where there are several runs, the number is their mean and ± the sample standard deviation (n − 1) over ${meanOver.join(', ')}.`;

const invalid = (message: string, remedy: string, data: { [key: string]: Json }): CemiflowError =>
  new CemiflowError('ReportInputInvalid', message, { remedy, data });
