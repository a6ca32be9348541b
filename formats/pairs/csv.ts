import {
  checkedPath,
  contiguousFold,
  defaultFolds,
  type Line,
  linesOf,
  maxPairs,
  type PairRow,
  type RefuseLine,
  refuseLine,
} from './row.ts';

const columns = ['left', 'right', 'same', 'fold'] as const;
type Column = (typeof columns)[number];

/**
 * Parses a CSV of pairs with the header `left,right,same` and perhaps `fold`, in any order. `same` is 1 or 0, true or false; folds
 * are counted from 0. Without `fold`, there are ten contiguous folds. Fields in quotes may hold commas and doubled quotes, no line
 * feeds.
 *
 * @throws CemiflowError `FormatInvalid` with line and byte
 */
export const parseCsvPairs = (bytes: Uint8Array, { file }: { file: string }): PairRow[] => {
  const refuse = refuseLine('CSV of pairs', file);
  const [header, ...lines] = linesOf(bytes, refuse);
  if (!header) throw refuse('the file must not be empty', { text: '', number: 1, offset: 0 });
  const names = splitFields(header, refuse).map((name) => name.trim().toLowerCase());
  const unknown = names.find((name, index) => !columns.includes(name as Column) || names.indexOf(name) !== index);
  if (unknown !== undefined || ['left', 'right', 'same'].some((name) => !names.includes(name))) {
    throw refuse('the header must be left,right,same or left,right,same,fold', header);
  }
  if (lines.length === 0) throw refuse('there must be some pairs', header);
  return lines.map((line, index) => {
    const fields = splitFields(line, refuse);
    if (fields.length !== names.length) throw refuse(`${names.length} fields are needed, got ${fields.length}`, line);
    const field = (name: Column): string | undefined => fields[names.indexOf(name)]?.trim();
    return {
      left: checkedPath(field('left') ?? '', line, refuse),
      right: checkedPath(field('right') ?? '', line, refuse),
      same: toFlag(field('same') ?? '', line, refuse),
      fold: names.includes('fold')
        ? toFold(field('fold') ?? '', line, refuse)
        : contiguousFold(index, lines.length, defaultFolds),
    };
  });
};

const toFlag = (text: string, line: Line, refuse: RefuseLine): boolean => {
  if (/^(1|true)$/i.test(text)) return true;
  if (/^(0|false)$/i.test(text)) return false;
  throw refuse(`same must be 1, 0, true or false, got ${JSON.stringify(text.slice(0, 50))}`, line);
};

const toFold = (text: string, line: Line, refuse: RefuseLine): number => {
  if (/^\d{1,7}$/.test(text) && Number(text) < maxPairs) return Number(text);
  throw refuse(`fold must be a whole number from 0, got ${JSON.stringify(text.slice(0, 50))}`, line);
};

/** Fields of a line (RFC 4180). */
const splitFields = (line: Line, refuse: RefuseLine): string[] => {
  const fields: string[] = [];
  const field = /(?:"((?:[^"]|"")*)"|([^",]*))(,|$)/y;
  for (;;) {
    const found = field.exec(line.text);
    if (!found) throw refuse('quotes must enclose a whole field', line);
    fields.push(found[1]?.replaceAll('""', '"') ?? found[2] ?? '');
    if (found[3] === '') return fields;
  }
};
