import { isUtf8 } from 'node:buffer';
import type { CemiflowError } from '../../core/errors.ts';
import { formatInvalid } from '../invalid.ts';

/** One pair of a verification protocol. */
export interface PairRow {
  /** Paths of both images, relative to the folder of images, with `/`. */
  readonly left: string;
  readonly right: string;
  readonly same: boolean;
  /** Counted from 0. */
  readonly fold: number;
}

/** A line of a text file. */
export interface Line {
  readonly text: string;
  /** Counted from 1. */
  readonly number: number;
  /** Byte at which it starts. */
  readonly offset: number;
}

export type RefuseLine = (message: string, line: Line) => CemiflowError;

/** Most bytes of a file; LFW's `pairs.txt` has 155,335, a million long pairs about 100 MB. */
const maxFileBytes = 2 ** 27;
export const maxPairs = 1_000_000;
/** Folds where the file names none, as InsightFace evaluates. */
export const defaultFolds = 10;

export const refuseLine =
  (format: string, file: string): RefuseLine =>
  (message, { number, offset }) =>
    formatInvalid({ format, file, offset, message: `line ${number}: ${message}`, remedy: 'correct the line' });

/** Lines of UTF-8, without those that are blank, and without a byte order mark. */
export const linesOf = (bytes: Uint8Array, refuse: RefuseLine): Line[] => {
  const start = { text: '', number: 1, offset: 0 };
  if (bytes.length > maxFileBytes) throw refuse(`the file must be at most ${maxFileBytes} bytes`, start);
  if (!isUtf8(bytes)) throw refuse('the file must be UTF-8', start);
  const lines: Line[] = [];
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let offset = 0, number = 1; offset < buffer.length; number++) {
    const found = buffer.indexOf(0x0a, offset);
    const end = found < 0 ? buffer.length : found;
    const text = buffer
      .toString('utf8', offset, end)
      .replace(/\r$/, '')
      .replace(/^\ufeff/, '');
    if (text.trim() !== '') {
      if (lines.length > maxPairs) throw refuse(`there must be at most ${maxPairs} pairs`, { text, number, offset });
      lines.push({ text, number, offset });
    }
    offset = end + 1;
  }
  return lines;
};

/** A relative path without `.`, `..`, backslashes, or characters that no name has. */
export const checkedPath = (path: string, line: Line, refuse: RefuseLine): string => {
  const plain = path.length <= 1024 && !/[\p{Cc}\\:]/u.test(path);
  if (plain && path.split('/').every((part) => !['', '.', '..'].includes(part))) return path;
  throw refuse(`a path must be relative and lie within the folder, got ${JSON.stringify(path.slice(0, 200))}`, line);
};

/**
 * The fold of pair `index` where `pairs` are cut into contiguous folds without shuffling. The first folds have one more where they
 * cannot be equal, as scikit-learn's KFold has it.
 */
export const contiguousFold = (index: number, pairs: number, folds: number): number => {
  const size = Math.floor(pairs / folds);
  const longer = pairs % folds;
  const inLonger = longer * (size + 1);
  return index < inLonger ? Math.floor(index / (size + 1)) : longer + Math.floor((index - inLonger) / size);
};
