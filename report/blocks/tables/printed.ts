import { CemiflowError, isJsonObject, type Json, type JsonObject } from '../../../core/errors.ts';
import { plain } from '../../format.ts';
import { pointerSegment, type Read } from '../../sources.ts';
import type { Quotation } from '../paper/quotation.ts';

/** Which printed row is meant. */
export interface PrintedChoice {
  readonly at: string | null;
  readonly where: JsonObject;
  readonly value: string;
}

/** A row as the paper prints it. Accuracies in percent. */
export interface PrintedRow extends Pick<Read, 'artifact'> {
  /** The file and a JSON pointer. */
  readonly at: string;
  readonly average: number;
  readonly averageAt: string;
  /** By benchmark, where the paper prints them. */
  readonly sets: { readonly [set: string]: { readonly accuracy: number; readonly at: string } };
  /** Why the paper's file doubts it. */
  readonly suspect?: string;
}

/**
 * Finds a printed row in the file of a paper's results.
 *
 * @param place where the rows are, keys with slashes between; a key such as {group} is our row's own value
 * @param matrix our row's point
 * @returns a refusal where nothing is found
 * @throws CemiflowError `ReportInputInvalid` where more than one row is meant
 */
export const printedRow = (
  { artifact, results }: Pick<Quotation, 'artifact'> & Required<Pick<Quotation, 'results'>>,
  place: string,
  { where, value }: PrintedChoice,
  matrix: JsonObject,
): PrintedRow | { readonly refusal: CemiflowError } => {
  const { file, data, benchmarks } = results;
  const keys = place.split('/').map((key) => String(filled({ key }, matrix).key));
  const found = under(data, keys);
  const wanted = filled(where, matrix);
  const words = `${place}${Object.keys(wanted).length > 0 ? ` where ${JSON.stringify(wanted)}` : ''}`;
  const pointer = (more: readonly (string | number)[]): string =>
    `${file}#/${[...keys, ...more].map((key) => pointerSegment(String(key))).join('/')}`;
  if (typeof found === 'number') return { artifact, at: pointer([]), average: found, averageAt: pointer([]), sets: {} };
  const rows = Array.isArray(found)
    ? found.flatMap((row, i) => (isJsonObject(row) ? [{ row, path: [i] as (string | number)[] }] : []))
    : isJsonObject(found)
      ? [{ row: found, path: [] }]
      : [];
  const fitting = rows.filter(({ row }) =>
    Object.entries(wanted).every(([key, each]) => JSON.stringify(row[key]) === JSON.stringify(each)),
  );
  const [only] = fitting;
  if (!only)
    return {
      refusal: notOne(
        words,
        rows.map(({ row }) => row),
        0,
      ),
    };
  if (fitting.length > 1)
    throw notOne(
      words,
      fitting.map(({ row }) => row),
      fitting.length,
    );
  const valueKeys = value.split('/');
  const average = under(only.row, valueKeys);
  if (typeof average !== 'number') throw notOne(`${words}, ${value}`, [only.row], 0);
  const { acc, suspect } = only.row;
  const sets = Array.isArray(acc)
    ? Object.fromEntries(
        benchmarks.map((set, i) => [set, { accuracy: Number(acc[i]), at: pointer([...only.path, 'acc', i]) }]),
      )
    : {};
  return {
    ...{ artifact, at: pointer(only.path), average, averageAt: pointer([...only.path, ...valueKeys]), sets },
    ...(typeof suspect === 'string' && { suspect }),
  };
};

const under = (data: Json | undefined, keys: readonly string[]): Json | undefined =>
  keys.reduce<Json | undefined>(
    (at, key) => (Array.isArray(at) ? at[Number(key)] : isJsonObject(at) ? at[key] : undefined),
    data,
  );

/** Texts such as {m} in the place of a value are the row's own. */
const filled = (where: JsonObject, matrix: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(where).map(([key, value]) => {
      const axis = typeof value === 'string' ? /^\{(\w+)\}$/.exec(value)?.[1] : undefined;
      if (axis === undefined) return [key, value];
      const own = matrix[axis];
      if (own !== undefined) return [key, own];
      throw new CemiflowError(
        'ReportInputInvalid',
        `a printed row is chosen by {${axis}}, and our row has no such axis`,
        {
          remedy: `its axes: ${Object.keys(matrix).join(', ') || '(none)'}`,
          data: { axis },
        },
      );
    }),
  );

const notOne = (words: string, rows: readonly JsonObject[], count: number): CemiflowError =>
  new CemiflowError(
    'ReportInputInvalid',
    `${count === 0 ? 'no printed row is' : `${count} printed rows are`} ${words}`,
    {
      remedy:
        rows.length > 0
          ? `choose among ${rows
              .slice(0, 6)
              .map((row) => plain(JSON.stringify(row)))
              .join('; ')}`
          : 'name a table of the paper’s file',
      data: { rows: rows.length },
    },
  );
