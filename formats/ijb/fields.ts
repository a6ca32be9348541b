import type { CemiflowError } from '../../core/errors.ts';
import { formatInvalid } from '../invalid.ts';
import { type Line, readLines } from '../lines.ts';
import type { RandomAccess } from '../source.ts';

/** A line of a list, cut at blanks. */
export interface Row {
  readonly fields: readonly string[];
  refuse(message: string): CemiflowError;
}

/**
 * Lines of `count` fields, cut at single blanks or tabs, of a list of IJB.
 *
 * @param most lines
 * @throws CemiflowError `FormatInvalid` with line and byte, also where there is no line
 */
export async function* readRows(
  file: RandomAccess,
  { format, count, most }: { readonly format: string; readonly count: number; readonly most: number },
): AsyncGenerator<Row> {
  const refuseAt = ({ offset, number }: Pick<Line, 'offset' | 'number'>, message: string): CemiflowError =>
    formatInvalid({ format, file: file.path, offset, message: `line ${number}: ${message}` });
  let rows = 0;
  for await (const line of readLines(file, format)) {
    if (rows++ === most) throw refuseAt(line, `there must be at most ${most} lines`);
    const refuse = (message: string): CemiflowError => refuseAt(line, message);
    const fields = line.text.trimEnd().split(/[ \t]/);
    if (fields.length !== count) throw refuse(`${count} fields are needed, got ${fields.length}`);
    yield { fields, refuse };
  }
  if (rows === 0) throw refuseAt({ offset: 0, number: 1 }, 'the list must not be empty');
}

/** A whole number from 0 that fits into int32. */
export const wholeNumber = (row: Row, field: number): number => {
  const text = row.fields[field] as string;
  if (/^\d{1,10}$/.test(text) && Number(text) < 2 ** 31) return Number(text);
  throw row.refuse(`field ${field + 1} must be a whole number from 0, got ${shown(text)}`);
};

/** A number, such as a coordinate. */
export const decimalNumber = (row: Row, field: number): number => {
  const text = row.fields[field] as string;
  const value = Math.fround(Number(text));
  if (/^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text) && Number.isFinite(value)) return value;
  throw row.refuse(`field ${field + 1} must be a number, got ${shown(text)}`);
};

const shown = (text: string): string => JSON.stringify(text.slice(0, 50));

/** The file's path inside the folder of crops. */
export const imageName = (row: Row): string => {
  const [name = ''] = row.fields;
  const parts = name.split('/');
  if (!/[\p{Cc}\\:]/u.test(name) && parts.every((part) => !['', '.', '..'].includes(part))) return name;
  throw row.refuse(`an image must be named by a path inside the folder of crops, got ${shown(name)}`);
};
