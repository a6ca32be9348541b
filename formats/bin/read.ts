import type { CemiflowError } from '../../core/errors.ts';
import { imageKind } from '../image-kind.ts';
import { formatInvalid } from '../invalid.ts';
import { NumpyArray, numpyConstructors, readPickle } from '../pickle/index.ts';
import type { RandomAccess } from '../source.ts';

/** A verification benchmark: pair i is images 2i and 2i + 1. */
export interface VerificationSet {
  /** Encoded files, JPEG, PNG or WebP, as they were stored. All are views of the file's one buffer, or decoded strings. */
  readonly images: readonly Uint8Array[];
  /** Whether both images of a pair show the same person. Half as long as `images`. */
  readonly same: readonly boolean[];
}

/** Most bytes of a file; the largest published one, CFP-FP, has under 100 MB. */
const maxFileBytes = 2 ** 30;

/**
 * Reads a benchmark as InsightFace packs it (`lfw.bin`): a pickle of Python 2 or 3 of `(images, same)`, read as data. Images may be
 * `bytes`, `bytearray`, `str` of Python 2, or uint8 arrays of numpy; `same` may be bools, 0 and 1, or bools of numpy. The file is in
 * memory as a whole, and two to three times where Python 3 wrote it with a protocol under 3, which makes text of bytes.
 *
 * @throws CemiflowError `FormatInvalid`
 */
export const readBin = async (file: RandomAccess): Promise<VerificationSet> => {
  const refuse = (message: string, offset = 0): CemiflowError =>
    formatInvalid({ format: 'InsightFace .bin', file: file.path, offset, message });
  if (file.bytes > maxFileBytes) throw refuse(`a benchmark must be at most ${maxFileBytes} bytes, got ${file.bytes}`);
  const bytes = await file.read(0, file.bytes);
  const { value, length } = readPickle(bytes, {
    file: file.path,
    format: 'InsightFace .bin',
    allow: numpyConstructors,
  });
  if (length !== bytes.length) throw refuse('the file must end with its pickle', length);
  if (!Array.isArray(value) || value.length !== 2)
    throw refuse('the pickle must be a pair: images, and whether they match');
  const images = listOf(value[0], refuse).map((entry, index) =>
    toImage(entry, index, (message) => refuse(message, placeOf(entry, bytes))),
  );
  const same = listOf(value[1], refuse).map((entry, pair) => toFlag(entry, pair, refuse));
  if (images.length !== 2 * same.length || same.length === 0) {
    throw refuse(`there must be two images for each pair, got ${images.length} images and ${same.length} pairs`);
  }
  return { images, same };
};

const listOf = (value: unknown, refuse: (message: string) => CemiflowError): readonly unknown[] => {
  if (Array.isArray(value)) return value;
  if (value instanceof NumpyArray) return [...value.data];
  throw refuse('images and matches must be lists');
};

const toImage = (entry: unknown, index: number, refuse: (message: string) => CemiflowError): Uint8Array => {
  const bytes = entry instanceof NumpyArray ? entry.data : entry;
  if (bytes instanceof Uint8Array && imageKind(bytes) !== undefined) return bytes;
  throw refuse(`image ${index} must be a JPEG, PNG or WebP`);
};

/** Byte of the file at which an entry lies; 0 where it is not a view of the file. */
const placeOf = (entry: unknown, file: Buffer): number =>
  entry instanceof Uint8Array && entry.buffer === file.buffer ? Math.max(0, entry.byteOffset - file.byteOffset) : 0;

const toFlag = (entry: unknown, pair: number, refuse: (message: string) => CemiflowError): boolean => {
  if (entry === true || entry === 1) return true;
  if (entry === false || entry === 0) return false;
  throw refuse(`pair ${pair} must be marked as True or False`);
};
