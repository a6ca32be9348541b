import { formatInvalid } from '../invalid.ts';
import { readLines } from '../lines.ts';
import type { RandomAccess } from '../source.ts';

/** Most records of one pack; the largest known has 42 million (WebFace42M), others under 18 million. */
export const maxRecords = 50_000_000;

/** Keys of a pack's records, sorted by the byte at which the record lies. 16 bytes a record. */
export interface Keys {
  readonly path: string;
  readonly length: number;
  readonly offsets: Float64Array;
  readonly keys: Float64Array;
}

/** Reads an `.idx` file: a key, a tab and an offset on each line, in any order. @throws CemiflowError `FormatInvalid` */
export const readKeys = async (file: RandomAccess): Promise<Keys> => {
  let offsets = new Float64Array(1024);
  let keys = new Float64Array(1024);
  let length = 0;
  let sorted = true;
  for await (const { text, offset } of readLines(file, 'RecordIO index')) {
    const match = /^(\d{1,15})\s+(\d{1,15})$/.exec(text.trimEnd());
    if (!match) throw refuse(file, offset, `a line must hold a key, a tab and an offset, got "${text.slice(0, 40)}"`);
    if (length === maxRecords) throw refuse(file, offset, `there must be at most ${maxRecords} records`);
    if (length === keys.length) {
      offsets = grown(offsets);
      keys = grown(keys);
    }
    keys[length] = Number(match[1]);
    offsets[length] = Number(match[2]);
    sorted &&= length === 0 || (offsets[length] as number) >= (offsets[length - 1] as number);
    length++;
  }
  const found = { path: file.path, length, offsets: offsets.subarray(0, length), keys: keys.subarray(0, length) };
  return sorted ? found : sort(found);
};

/** The byte at which the record of a key lies. */
export const offsetOf = ({ keys, offsets }: Keys, key: number): number | undefined => {
  const at = keys.indexOf(key);
  return at < 0 ? undefined : (offsets[at] as number);
};

const sort = ({ path, length, offsets, keys }: Keys): Keys => {
  const order = Uint32Array.from({ length }, (_, i) => i);
  order.sort((a, b) => (offsets[a] as number) - (offsets[b] as number) || a - b);
  const pick = (values: Float64Array): Float64Array => Float64Array.from(order, (i) => values[i] as number);
  return { path, length, offsets: pick(offsets), keys: pick(keys) };
};

const grown = (values: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> => {
  const larger = new Float64Array(values.length * 2);
  larger.set(values);
  return larger;
};

const refuse = (file: RandomAccess, offset: number, message: string) =>
  formatInvalid({
    format: 'RecordIO index',
    file: file.path,
    offset,
    message,
    remedy: 'fetch the .idx file again; or remove it: the pack is then read from its first record to its last',
  });
