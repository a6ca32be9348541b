import { formatInvalid } from '../invalid.ts';
import { readLines } from '../lines.ts';
import { openFile, type RandomAccess, type Source, type SourceFile } from '../source.ts';

/** As messages call it. */
const format = 'list of landmarks';
/** Most rows of a list: half a gigabyte of memory at most. */
const maxRows = 2_000_000;
/** x and y of each of five points. */
const numbers = 10;

/** Landmarks by path. Holds 80 bytes and the path for each row. */
export class LandmarkList {
  readonly #rows = new Map<string, number>();
  #points = new Float64Array(1024 * numbers);

  /** @returns false where the path has landmarks already */
  add(path: string, points: readonly number[]): boolean {
    const row = this.#rows.size;
    if (this.#rows.has(path)) return false;
    this.#rows.set(path, row);
    if (row * numbers === this.#points.length) {
      const grown = new Float64Array(2 * this.#points.length);
      grown.set(this.#points);
      this.#points = grown;
    }
    this.#points.set(points, row * numbers);
    return true;
  }

  /** x1, y1, …, x5, y5 */
  get(path: string): readonly number[] | undefined {
    const row = this.#rows.get(path);
    return row === undefined ? undefined : [...this.#points.subarray(row * numbers, (row + 1) * numbers)];
  }

  get size(): number {
    return this.#rows.size;
  }

  paths(): IterableIterator<string> {
    return this.#rows.keys();
  }
}

/**
 * Reads a list of landmarks: a row for each photo, `path,x1,y1,…,x5,y5`, with commas, tabs or blanks between, and after them perhaps the detector's
 * score, which is passed over, as in the lists of IJB. A first row whose numbers are none is a header. A path may stand in double quotes where commas
 * separate. Reads piece by piece.
 *
 * @throws CemiflowError `FormatInvalid`
 */
export const readLandmarkList = async (file: RandomAccess): Promise<LandmarkList> => {
  const list = new LandmarkList();
  let separator: RegExp | undefined;
  let isFirst = true;
  for await (const { text, offset } of readLines(file, format)) {
    const line = text.replace(/^\uFEFF/, '');
    const refuse = (message: string): Error => invalid(file.path, message, offset);
    if (line.trim() === '') continue;
    separator ??= separatorOf(line);
    const { path, rest } = splitPath(line, separator, refuse);
    const fields = rest.trim().split(separator);
    const points = fields.map(toNumber);
    const isHeader = isFirst && points.every(Number.isNaN);
    isFirst = false;
    if (isHeader) continue;
    if (fields.length !== numbers && fields.length !== numbers + 1)
      throw refuse(`a row must be a path, ${numbers} numbers and perhaps a score, got ${fields.length} after the path`);
    if (!points.every(Number.isFinite))
      throw refuse(`${JSON.stringify(fields[points.findIndex(isNoNumber)])} is no number`);
    if (list.size === maxRows) throw refuse(`there must be at most ${maxRows} rows`);
    if (!list.add(path.replace(/^(\.\/)+/, ''), points.slice(0, numbers)))
      throw refuse(`${JSON.stringify(path)} has two rows: each photo has one face`);
  }
  return list;
};

/** The list at `path` of a source. */
export const readListOf = (source: Source, file: SourceFile): Promise<LandmarkList> =>
  readLandmarkList(openFile(source, file));

const separatorOf = (line: string): RegExp => (line.includes(',') ? /,/ : line.includes('\t') ? /\t/ : / +/);

const splitPath = (
  line: string,
  separator: RegExp,
  refuse: (message: string) => Error,
): { readonly path: string; readonly rest: string } => {
  const quoted = line.startsWith('"') ? /^"((?:[^"]|"")*)"(?=[,\t ])/.exec(line) : null;
  if (line.startsWith('"') && !quoted) throw refuse('a quoted path must end with a quote');
  const whole = quoted ? quoted[0].length : line.search(separator);
  const end = whole === -1 ? line.length : whole;
  const path = quoted ? (quoted[1] as string).replaceAll('""', '"') : line.slice(0, end);
  if (path.trim() === '') throw refuse('a row must begin with a path');
  if (path.includes('\uFFFD')) throw refuse('a path must be UTF-8');
  return { path, rest: line.slice(end).replace(separator, '') };
};

const decimal = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const toNumber = (text: string): number => (decimal.test(text.trim()) ? Number(text) : Number.NaN);
const isNoNumber = (value: number): boolean => !Number.isFinite(value);

const invalid = (file: string, message: string, offset: number): Error =>
  formatInvalid({
    format,
    file,
    offset,
    message,
    remedy:
      'write a row for each photo: its path from the folder, then x and y of both eyes, the nose, and both corners of the mouth',
  });
