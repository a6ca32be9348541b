import { CemiflowError } from '../../core/errors.ts';
import { encodeArray, encodeBinary, encodeNatural } from '../msgpack.ts';
import { DatabaseBuilder, type Entry, type Written } from './build.ts';

/** An image for a database. `bytes` is the encoded file, which the database holds as it is. */
export interface StoredImage {
  /** A whole number from 0 to 2^32 - 1. */
  readonly identity: number;
  readonly bytes: Uint8Array;
}

/**
 * Writes an image set in the layout of HSFace (see `lmdb`) as one file, `NAME.lmdb`, which Python's `lmdb` opens with `subdir=False`.
 * Streams: memory holds 16 bytes for each image, and about 8 for its key at the end.
 *
 * @throws CemiflowError `PackLabel` for an identity that is no whole number
 */
export const writeLmdb = async (
  path: string,
  images: AsyncIterable<StoredImage>,
  { pageBytes = 4096 }: { readonly pageBytes?: number } = {},
): Promise<{ images: number; classes: number }> => {
  const builder = await DatabaseBuilder.create(path, pageBytes);
  try {
    const values = new Values();
    let classes = 0;
    for await (const { identity, bytes } of images) {
      check(identity);
      values.push(await builder.putValue([encodeArray(2), encodeBinary(bytes.length), bytes, encodeNatural(identity)]));
      classes = Math.max(classes, identity + 1);
    }
    const count = values.length;
    const described = [
      { key: '__classnum__', parts: [encodeNatural(classes)] },
      { key: '__keys__', parts: encodeKeys(count) },
      { key: '__len__', parts: [encodeNatural(count)] },
    ];
    const last: Entry[] = [];
    for (const { key, parts } of described) last.push({ key: Buffer.from(key), ...(await builder.putValue(parts)) });
    await builder.finish(entries(values, last));
    return { images: count, classes };
  } finally {
    await builder.close();
  }
};

/** Page and size of each image's value, by number. */
class Values {
  #pages = new Float64Array(1024);
  #bytes = new Float64Array(1024);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push({ page, bytes }: Written): void {
    if (this.#length === this.#pages.length) {
      this.#pages = doubled(this.#pages);
      this.#bytes = doubled(this.#bytes);
    }
    this.#pages[this.#length] = page;
    this.#bytes[this.#length++] = bytes;
  }

  at(i: number): Written {
    return { page: this.#pages[i] as number, bytes: this.#bytes[i] as number };
  }
}

const doubled = (values: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> => {
  const larger = new Float64Array(values.length * 2);
  larger.set(values);
  return larger;
};

/** Images by key, then what describes the set: `_` comes after all digits. */
function* entries(values: Values, last: readonly Entry[]): Generator<Entry> {
  for (const i of decimalOrder(values.length)) yield { key: Buffer.from(`${i}`), ...values.at(i) };
  yield* last;
}

/** 0 to count - 1 in the order of their decimal digits as text: 0, 1, 10, 100, 101, …, 11, …, 2. */
export function* decimalOrder(count: number): Generator<number> {
  if (count > 0) yield 0;
  for (let i = 1, left = count - 1; left > 0; left--) {
    yield i;
    if (i * 10 < count) {
      i *= 10;
      continue;
    }
    if (i + 1 >= count) i = Math.floor(i / 10);
    i++;
    while (i % 10 === 0) i /= 10;
  }
}

/** The list of all keys, "0" to "count - 1". */
const encodeKeys = (count: number): Buffer[] => {
  const pieces = [encodeArray(count)];
  for (let from = 0; from < count; from += 4096) {
    const keys = Array.from({ length: Math.min(4096, count - from) }, (_, i) => Buffer.from(`${from + i}`));
    pieces.push(Buffer.concat(keys.flatMap((key) => [encodeBinary(key.length), key])));
  }
  return pieces;
};

const check = (identity: number): void => {
  if (Number.isInteger(identity) && identity >= 0 && identity < 2 ** 32) return;
  throw new CemiflowError('PackLabel', `identities must be whole numbers from 0 to 2^32 - 1, got ${identity}`, {
    remedy: 'number the identities from 0',
    data: { identity },
  });
};
