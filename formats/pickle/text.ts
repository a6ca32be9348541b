import { isUtf8 } from 'node:buffer';
import type { CemiflowError } from '../../core/errors.ts';

type Fail = (message: string) => CemiflowError;

const backslash = 0x5c;
const escapes = new Map([
  ['\\', 0x5c],
  ["'", 0x27],
  ['"', 0x22],
  ['a', 0x07],
  ['b', 0x08],
  ['f', 0x0c],
  ['n', 0x0a],
  ['r', 0x0d],
  ['t', 0x09],
  ['v', 0x0b],
]);

export const utf8 = (bytes: Buffer, fail: Fail): string => {
  if (!isUtf8(bytes)) throw fail('text must be UTF-8');
  return bytes.toString('utf8');
};

/** A string literal of Python 2 in its quotes, as opcode STRING has it. A view where nothing is escaped. */
export const unquote = (line: Buffer, fail: Fail): Buffer => {
  const quote = line[0];
  if (line.length < 2 || (quote !== 0x27 && quote !== 0x22) || line.at(-1) !== quote) {
    throw fail('a string must stand in quotes');
  }
  const literal = line.subarray(1, -1);
  if (!literal.includes(backslash)) return literal;
  const out = Buffer.allocUnsafe(literal.length);
  let length = 0;
  for (let i = 0; i < literal.length; ) {
    const byte = literal[i] as number;
    if (byte !== backslash) {
      out[length++] = byte;
      i++;
      continue;
    }
    const [value, taken] = escaped(literal, i + 1, fail);
    out[length++] = value;
    i += 1 + taken;
  }
  return out.subarray(0, length);
};

/** The byte that an escape stands for, and how many characters follow its backslash. */
const escaped = (literal: Buffer, at: number, fail: Fail): [value: number, taken: number] => {
  const next = literal.toString('latin1', at, at + 3);
  const plain = escapes.get(next.charAt(0));
  if (plain !== undefined) return [plain, 1];
  const octal = /^[0-7]{1,3}/.exec(next)?.[0];
  if (octal !== undefined) return [Number.parseInt(octal, 8) & 0xff, octal.length];
  if (/^x[0-9a-fA-F]{2}/.test(next)) return [Number.parseInt(next.slice(1), 16), 3];
  throw fail('a string has an escape that Python does not write');
};

/** Text in Python's `raw-unicode-escape`: Latin-1, with `\uXXXX` and `\UXXXXXXXX` for the rest. */
export const rawUnicode = (line: Buffer, fail: Fail): string =>
  line.toString('latin1').replace(/\\u([0-9a-fA-F]{4})|\\U([0-9a-fA-F]{8})/g, (_, short, long) => {
    const code = Number.parseInt(short ?? long, 16);
    if (code > 0x10ffff) throw fail('text has a character beyond Unicode');
    return String.fromCodePoint(code);
  });
