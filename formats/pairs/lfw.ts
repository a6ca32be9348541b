import {
  checkedPath,
  contiguousFold,
  defaultFolds,
  type Line,
  linesOf,
  type PairRow,
  type RefuseLine,
  refuseLine,
} from './row.ts';

/**
 * Parses LFW's `pairs.txt`: `name i j` for two photos of a person, `name i name j` for two persons, folds one after another. Its
 * first line, `folds pairs` (each fold has that many matching and as many other pairs) or `pairs` (one fold), may be missing: then
 * there are ten folds. Photos lie at `name/name_0001.jpg`.
 *
 * @param options `extension` of the photos, default `jpg`
 * @throws CemiflowError `FormatInvalid` with line and byte
 */
export const parseLfwPairs = (bytes: Uint8Array, options: { file: string; extension?: string }): PairRow[] => {
  const refuse = refuseLine("LFW's pairs.txt", options.file);
  const lines = linesOf(bytes, refuse);
  const header = headerOf(lines[0]);
  const pairs = header ? lines.slice(1) : lines;
  const first = lines[0] ?? { text: '', number: 1, offset: 0 };
  const expected = header && header.folds * header.pairs * 2;
  if (pairs.length === 0 || (expected !== undefined && expected !== pairs.length)) {
    throw refuse(`there must be ${expected ?? 'some'} pairs, got ${pairs.length}`, first);
  }
  const folds = header?.folds ?? defaultFolds;
  return pairs.map((line, index) => ({
    ...parsePair(line, options.extension ?? 'jpg', refuse),
    fold: contiguousFold(index, pairs.length, folds),
  }));
};

const headerOf = (line: Line | undefined): { folds: number; pairs: number } | undefined => {
  const [, first, second] = /^\s*(\d{1,7})(?:\s+(\d{1,7}))?\s*$/.exec(line?.text ?? '') ?? [];
  if (first === undefined) return undefined;
  return second === undefined ? { folds: 1, pairs: Number(first) } : { folds: Number(first), pairs: Number(second) };
};

const parsePair = (line: Line, extension: string, refuse: RefuseLine): Omit<PairRow, 'fold'> => {
  const photo = (name: string, number: string): string => {
    if (!/^\d{1,6}$/.test(number))
      throw refuse(`photos are numbered, got ${JSON.stringify(number.slice(0, 50))}`, line);
    if (name.includes('/')) throw refuse('a name must have no slash', line);
    return checkedPath(`${name}/${name}_${number.padStart(4, '0')}.${extension}`, line, refuse);
  };
  const fields = line.text.trim().split(line.text.includes('\t') ? '\t' : /\s+/);
  const [name = '', number = '', third = '', fourth = ''] = fields;
  if (fields.length === 3) return { left: photo(name, number), right: photo(name, third), same: true };
  if (fields.length === 4) return { left: photo(name, number), right: photo(third, fourth), same: false };
  throw refuse('a pair must be "name i j" or "name i name j"', line);
};
