import type { AxisChoice, Scalar } from './references.ts';

/** The values of each axis; axes count in the order of their names, whatever the order in the file. */
export type Axes = { readonly [axis: string]: readonly Scalar[] };

/** One value for each axis. */
export type Point = { [axis: string]: Scalar };

/** The nodes of a stage. */
export interface Matrix {
  /** Every value that a point has; of a stage without a matrix none. */
  readonly axes: Axes;
  readonly points: readonly Point[];
  /** Groups of axes that vary together: the value of one says those of the others. */
  readonly zipped: readonly (readonly string[])[];
}

/** What a matrix is made of. */
export interface MatrixParts {
  /** Axes of which every combination is taken. */
  readonly axes: Axes;
  /** Axes that vary together, all of one length; each group is combined with the rest as one axis is. */
  readonly zip?: readonly Axes[];
  /** A combination that has all of one's values is left out. */
  readonly exclude?: readonly Point[];
  /** Points beside the combinations, with a value for each axis. */
  readonly include?: readonly Point[];
}

/**
 * Points in the order of the axes' names (a group counts by the first of its names), the last varying fastest, values as they were
 * given; included points come last. Without any axis, the one point of a stage without a matrix.
 */
export const matrixOf = ({ axes, zip = [], exclude = [], include = [] }: MatrixParts): Matrix => {
  const groups: Axes[] = [...Object.entries(axes).map(([axis, values]) => ({ [axis]: values })), ...zip];
  const named = groups.map((group) => ({ group, names: axisNames(group) })).filter(({ names }) => names.length > 0);
  const first = ({ names }: (typeof named)[number]): string => names[0] as string;
  named.sort((a, b) => (first(a) < first(b) ? -1 : 1));
  const combined = named.reduce<Point[]>(
    (points, { group, names }) => points.flatMap((point) => rowsOf(group, names).map((row) => ({ ...point, ...row }))),
    named.length === 0 && include.length > 0 ? [] : [{}],
  );
  const points = [...combined.filter((point) => !exclude.some((part) => matches(point, part))), ...include];
  const names = [...new Set([...named.flatMap((each) => each.names), ...include.flatMap(axisNames)])];
  const values = (axis: string): Scalar[] => [...new Set(points.flatMap((point) => point[axis] ?? []))];
  return {
    axes: Object.fromEntries(names.map((axis) => [axis, values(axis)])),
    points,
    zipped: zip.map(axisNames),
  };
};

/** How many points the combinations have before any is left out. */
export const combinations = ({ axes, zip = [], include = [] }: MatrixParts): number => {
  const lengths = [...Object.values(axes), ...zip.map((group) => Object.values(group)[0] ?? [])].map(
    (each) => each.length,
  );
  return lengths.length === 0 && include.length > 0 ? 0 : lengths.reduce((product, length) => product * length, 1);
};

/** Whether a point has all values of a part. */
export const matches = (point: Point, part: Point): boolean =>
  Object.entries(part).every(([axis, value]) => point[axis] === value);

export const axisNames = (axes: { readonly [axis: string]: unknown }): string[] => Object.keys(axes).sort();

const rowsOf = (group: Axes, names: readonly string[]): Point[] =>
  (group[names[0] as string] ?? []).map((_, i) =>
    Object.fromEntries(names.map((axis) => [axis, group[axis]?.[i] as Scalar])),
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
  | { readonly fault: 'no-such-value'; readonly axis: string; readonly value: Scalar }
  | { readonly fault: 'no-such-point'; readonly part: Point };

/**
 * The points of another stage that a reference means. An axis that varies together with a chosen one is chosen with it.
 *
 * @param matrix the other stage's @param choices what the reference says @param own the referring node's point
 * @returns the points in the other stage's order, and whether they are a list (`*` somewhere) or one
 */
export const choosePoints = (
  { axes, points, zipped }: Matrix,
  choices: 'all' | readonly AxisChoice[] | undefined,
  own: Point,
): { readonly points: readonly Point[]; readonly list: boolean } | ChoiceFault => {
  if (choices === 'all') return { points, list: true };
  const part: Point = {};
  const named: string[] = [];
  for (const { axis, choose } of choices ?? []) {
    const values = axes[axis];
    if (values === undefined) return { fault: 'unknown-axis', axis };
    named.push(axis);
    if (choose === 'all') continue;
    const value = choose === 'same' ? own[axis] : choose.value;
    if (value === undefined) return { fault: 'not-mine', axis };
    if (!values.includes(value)) return { fault: 'no-such-value', axis, value };
    part[axis] = value;
  }
  const chosen = (axis: string): boolean =>
    named.includes(axis) || zipped.some((group) => group.includes(axis) && group.some((each) => named.includes(each)));
  const unchosen = axisNames(axes).find((axis) => !chosen(axis));
  if (unchosen !== undefined) return { fault: 'axis-unchosen', axis: unchosen };
  const found = points.filter((point) => matches(point, part));
  if (found.length === 0) return { fault: 'no-such-point', part };
  const list = (choices ?? []).some(({ choose }) => choose === 'all');
  // Values may repeat on an axis that varies together with others.
  const [first, second] = found as [Point, Point?];
  if (!list && second) {
    const axis = axisNames(axes).find((each) => first[each] !== second[each]) as string;
    return { fault: 'axis-unchosen', axis };
  }
  return { points: found, list };
};
