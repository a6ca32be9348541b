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
  /** None where the paper says that the training did not converge. */
  readonly average?: { readonly value: number; readonly at: string };
  /** By benchmark, where the paper prints them. */
  readonly sets: { readonly [set: string]: { readonly accuracy: number; readonly at: string } };
  /** Why the paper's file doubts it. */
  readonly suspect?: string;
}

/** What a paper's file holds of a row: its fields, or a number alone. */
export interface PrintedEntry extends Pick<Read, 'artifact'> {
  readonly entry: JsonObject | number;
  /** The file and a JSON pointer, to something in the entry. */
  readonly at: (keys?: readonly (string | number)[]) => string;
  /** What was looked for, in words. */
  readonly words: string;
}

/**
 * Finds a printed row in the file of a paper's results.
 *
 * @param place where the rows are, keys with slashes between; a key such as {group} is our row's own value
 * @param where what the row states @param matrix our row's point
 * @returns a refusal where nothing is found
 * @throws CemiflowError `ReportInputInvalid` where more than one row is meant
 */
export const printedEntry = (
  { artifact, results }: Pick<Quotation, 'artifact'> & Required<Pick<Quotation, 'results'>>,
  place: string,
  where: JsonObject,
  matrix: JsonObject,
): PrintedEntry | { readonly refusal: CemiflowError } => {
  const { file, data } = results;
  const keys = place.split('/').map((key) => String(withAxes({ key }, matrix).key));
  const found = under(data, keys);
  const wanted = withAxes(where, matrix);
  const words = `${place}${Object.keys(wanted).length > 0 ? ` where ${JSON.stringify(wanted)}` : ''}`;
  const entryAt = (entry: JsonObject | number, path: readonly number[]): PrintedEntry => ({
    ...{ artifact, entry, words },
    at: (more = []) => `${file}#/${[...keys, ...path, ...more].map((key) => pointerSegment(String(key))).join('/')}`,
  });
  if (typeof found === 'number') return entryAt(found, []);
  const rows = Array.isArray(found)
    ? found.flatMap((row, i) => (isJsonObject(row) ? [{ row, path: [i] }] : []))
    : isJsonObject(found)
      ? [{ row: found, path: [] }]
      : [];
  const fitting = rows.filter(({ row }) =>
    Object.entries(wanted).every(([key, each]) => JSON.stringify(row[key]) === JSON.stringify(each)),
  );
  const [only] = fitting;
  const listed = (some: typeof rows): JsonObject[] => some.map(({ row }) => row);
  if (!only) return { refusal: notOne(words, listed(rows), 0) };
  if (fitting.length > 1) throw notOne(words, listed(fitting), fitting.length);
  return entryAt(only.row, only.path);
};

/** The number under keys with slashes between. @throws CemiflowError `ReportInputInvalid` */
export const printedNumber = ({ entry, at, words }: PrintedEntry, keys: string): { value: number; at: string } => {
  const path = keys.split('/');
  const value = typeof entry === 'number' ? undefined : under(entry, path);
  if (typeof value === 'number') return { value, at: at(path) };
  throw notOne(`${words}, ${keys}`, typeof entry === 'number' ? [] : [entry], 0);
};

/** A printed row of accuracies; other parameters as for `printedEntry`. */
export const printedRow = (
  quotation: Parameters<typeof printedEntry>[0],
  place: string,
  { where, value }: PrintedChoice,
  matrix: JsonObject,
): PrintedRow | { readonly refusal: CemiflowError } => {
  const found = printedEntry(quotation, place, where, matrix);
  if ('refusal' in found) return found;
  const { artifact, entry } = found;
  const at = found.at();
  if (typeof entry === 'number') return { artifact, at, average: { value: entry, at }, sets: {} };
  if (entry.converged === false) return { artifact, at: found.at(['converged']), sets: {} };
  const average = printedNumber(found, value);
  const { acc, suspect } = entry;
  const { benchmarks } = quotation.results;
  const sets = Array.isArray(acc)
    ? Object.fromEntries(benchmarks.map((set, i) => [set, { accuracy: Number(acc[i]), at: found.at(['acc', i]) }]))
    : {};
  return {
    ...{ artifact, at, average, sets },
    ...(typeof suspect === 'string' && { suspect }),
  };
};

/** What is under keys, one after another. */
export const under = (data: Json | undefined, keys: readonly string[]): Json | undefined =>
  keys.reduce<Json | undefined>(
    (at, key) => (Array.isArray(at) ? at[Number(key)] : isJsonObject(at) ? at[key] : undefined),
    data,
  );

/** Texts such as {m} in the place of a value are the row's own. @throws CemiflowError `ReportInputInvalid` */
export const withAxes = (where: JsonObject, matrix: JsonObject): JsonObject =>
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
