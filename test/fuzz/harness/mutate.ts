import fc from 'fast-check';

/** Integers at the edges of their types, where lengths and offsets overflow. */
const extremes = [0n, 1n, 0x7fn, 0x80n, 0xffn, 0x7fffn, 0xffffn, 2n ** 31n - 1n, 2n ** 31n, 2n ** 32n - 1n];
const wideExtremes = [...extremes, 2n ** 53n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n];

/** An edit of a file; `at`, `to` and `from` are shares of lengths, so that it fits files of any length. */
interface Edit {
  readonly kind: 'flip' | 'set' | 'cut' | 'delete' | 'double' | 'insert' | 'splice' | 'integer' | 'digit';
  readonly at: number;
  readonly from: number;
  readonly length: number;
  readonly value: bigint;
  readonly width: number;
  readonly bigEndian: boolean;
  readonly bytes: Uint8Array;
}

const share = fc.double({ min: 0, max: 1, noNaN: true });
// Headers lie at the start, directories at the end: half of the edits go there.
const place = fc.oneof(
  share,
  share.map((x) => x * 0.05),
  share.map((x) => 1 - x * 0.05),
);

const edit: fc.Arbitrary<Edit> = fc.record({
  kind: fc.constantFrom<Edit['kind'][]>(
    'flip',
    'set',
    'cut',
    'delete',
    'double',
    'insert',
    'splice',
    'integer',
    'digit',
  ),
  at: place,
  from: place,
  length: fc.oneof(fc.integer({ min: 1, max: 16 }), fc.integer({ min: 1, max: 4096 })),
  value: fc.oneof(fc.constantFrom(...wideExtremes), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
  width: fc.constantFrom(1, 2, 4, 8),
  bigEndian: fc.boolean(),
  bytes: fc.uint8Array({ minLength: 1, maxLength: 16 }),
});

const apply = (file: Buffer, change: Edit, other: Buffer): Buffer => {
  const at = Math.min(file.length - 1, Math.floor(change.at * file.length));
  if (at < 0) return Buffer.from(change.bytes);
  const { length, value, width } = change;
  const insert = (bytes: Uint8Array): Buffer => Buffer.concat([file.subarray(0, at), bytes, file.subarray(at)]);
  switch (change.kind) {
    case 'flip':
      file[at] = (file[at] as number) ^ (1 << Number(value % 8n));
      return file;
    case 'set':
      file.set(change.bytes.subarray(0, file.length - at), at);
      return file;
    case 'cut':
      return file.subarray(0, at);
    case 'delete':
      return Buffer.concat([file.subarray(0, at), file.subarray(at + length)]);
    case 'double':
      return insert(file.subarray(at, at + length));
    case 'insert':
      return insert(change.bytes);
    case 'splice': {
      const from = Math.floor(change.from * other.length);
      return insert(other.subarray(from, from + length));
    }
    case 'integer': {
      const hex = BigInt.asUintN(8 * width, value)
        .toString(16)
        .padStart(2 * width, '0');
      const bytes = Buffer.from(hex, 'hex');
      file.set((change.bigEndian ? bytes : bytes.reverse()).subarray(0, file.length - at), at);
      return file;
    }
    case 'digit':
      return replaceNumber(file, at, value);
  }
};

/** Puts another number in place of the next one in decimal digits: shapes and counts in text. */
const replaceNumber = (file: Buffer, at: number, value: bigint): Buffer => {
  const near = file.toString('latin1', at, at + 256);
  const found = /\d+/.exec(near);
  if (!found) return file;
  const from = at + found.index;
  return Buffer.concat([file.subarray(0, from), Buffer.from(String(value)), file.subarray(from + found[0].length)]);
};

/** Valid files with one to four edits. */
export const mutated = (seeds: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> => {
  const seed = fc.constantFrom(...seeds);
  return fc
    .tuple(seed, seed, fc.array(edit, { minLength: 1, maxLength: 4 }))
    .map(([file, other, edits]): Uint8Array => {
      let bytes: Buffer = Buffer.from(file);
      for (const change of edits) bytes = apply(bytes, change, Buffer.from(other));
      return bytes;
    });
};
