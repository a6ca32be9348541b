import { formatInvalid } from './invalid.ts';
import type { RandomAccess } from './source.ts';

const pieceBytes = 2 ** 20;
/** Longer lines are refused: lists hold a number and a path. */
const maxLineBytes = 8192;

export interface Line {
  /** Without its end: `\n` or `\r\n`. */
  readonly text: string;
  /** Byte of the file at which the line starts. */
  readonly offset: number;
  /** Counted from 1, empty lines too. */
  readonly number: number;
}

/**
 * Lines of a text file (UTF-8), read piece by piece. Empty lines are left out.
 *
 * @param format as messages call it
 * @throws CemiflowError `FormatInvalid` for a line over 8,192 bytes
 */
export async function* readLines(file: RandomAccess, format: string): AsyncGenerator<Line> {
  let rest = Buffer.alloc(0);
  let number = 1;
  for (let read = 0; read < file.bytes; ) {
    const start = read - rest.length;
    const piece = await file.read(read, Math.min(pieceBytes, file.bytes - read));
    const bytes = Buffer.concat([rest, piece]);
    read += piece.length;
    let from = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, from)) {
      checkLength(file, format, start + from, end - from);
      const text = bytes.toString('utf8', from, end).replace(/\r$/, '');
      if (text !== '') yield { text, offset: start + from, number };
      number++;
      from = end + 1;
    }
    rest = bytes.subarray(from);
    checkLength(file, format, read - rest.length, rest.length);
  }
  if (rest.length > 0) yield { text: rest.toString('utf8'), offset: file.bytes - rest.length, number };
}

const checkLength = (file: RandomAccess, format: string, offset: number, length: number): void => {
  if (length <= maxLineBytes) return;
  throw formatInvalid({
    format,
    file: file.path,
    offset,
    message: `a line must have at most ${maxLineBytes} bytes`,
  });
};
