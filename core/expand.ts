import type { AxisChoice, Scalar } from './references.ts';

/** The values of each axis; axes count in the order of their names, whatever the order in the file. */
export type Axes = { readonly [axis: string]: readonly Scalar[] };

/** One value for each axis. */
export type Point = { [axis: string]: Scalar };

export const axisNames = (axes: Axes): string[] => Object.keys(axes).sort();

/** How many nodes a matrix makes; 1 without axes. */
export const pointCount = (axes: Axes): number =>
  axisNames(axes).reduce((count, axis) => count * (axes[axis]?.length ?? 0), 1);

/** Cartesian product: the last axis (by name) varies fastest, values in the order given. `[{}]` without axes. */
export const matrixPoints = (axes: Axes): Point[] =>
  axisNames(axes).reduce<Point[]>(
    (points, axis) => points.flatMap((point) => (axes[axis] ?? []).map((value) => ({ ...point, [axis]: value }))),
    [{}],
  );

/** `teacher`, `student[m=0.5]`, `student[m=0.5,seed=1]`. */
export const nodeId = (stage: string, point: Point): string => {
  const labels = Object.keys(point)
    .sort()
    .map((axis) => `${axis}=${point[axis]}`);
  return labels.length === 0 ? stage : `${stage}[${labels.join(',')}]`;
};

/** Why a choice cannot be made. */
export type ChoiceFault =
  | { readonly fault: 'axis-unchosen'; readonly axis: string }
  | { readonly fault: 'unknown-axis'; readonly axis: string }
  | { readonly fault: 'not-mine'; readonly axis: string }
  | { readonly fault: 'no-such-value'; readonly axis: string; readonly value: Scalar };

/**
 * The points of another stage that a reference means.
 *
 * @param axes the other stage's @param choices what the reference says @param own the referring node's point
 * @returns the points in the other stage's order, and whether they are a list (`*` somewhere) or one
 */
export const choosePoints = (
  axes: Axes,
  choices: 'all' | readonly AxisChoice[] | undefined,
  own: Point,
): { readonly points: Point[]; readonly list: boolean } | ChoiceFault => {
  if (choices === 'all') return { points: matrixPoints(axes), list: true };
  const wanted: { [axis: string]: readonly Scalar[] } = {};
  for (const { axis, choose } of choices ?? []) {
    const values = axes[axis];
    if (values === undefined) return { fault: 'unknown-axis', axis };
    if (choose === 'all') wanted[axis] = values;
    else {
      const value = choose === 'same' ? own[axis] : choose.value;
      if (value === undefined) return { fault: 'not-mine', axis };
      if (!values.includes(value)) return { fault: 'no-such-value', axis, value };
      wanted[axis] = [value];
    }
  }
  const unchosen = axisNames(axes).find((axis) => wanted[axis] === undefined);
  if (unchosen !== undefined) return { fault: 'axis-unchosen', axis: unchosen };
  return { points: matrixPoints(wanted), list: (choices ?? []).some((choice) => choice.choose === 'all') };
};
