import { describe, expect, it } from 'vitest';
import type { Place } from '../../formats/image-set.ts';
import { parquet, parquetFile } from '../../formats/parquet/index.ts';
import { checkPages } from '../../formats/parquet/pages.ts';
import { fixture, imagesOf, listed, sourceOf } from './helpers/sources.ts';

const pictures: Uint8Array[] = JSON.parse(fixture('parquet/expected.json').toString()).map(
  (hex: string) => new Uint8Array(Buffer.from(hex, 'hex')),
);
const inFixtures = (...names: string[]): ReturnType<typeof sourceOf> =>
  sourceOf(Object.fromEntries(names.map((name) => [`${name}.parquet`, fixture(`parquet/${name}.parquet`)])));

const refusal = async (bytes: Uint8Array): Promise<{ message: string; offset: number }> => {
  const error = await listed(parquet, sourceOf({ 'x.parquet': bytes })).then(
    () => expect.fail('the file was read'),
    (caught) => caught,
  );
  expect(error).toMatchObject({ code: 'FormatInvalid', data: { format: 'Parquet', file: 'x.parquet' } });
  return { message: error.message, offset: error.data.offset };
};

/** The pieces of a file, put together. */
const collect = async (pieces: AsyncIterable<Uint8Array>): Promise<Buffer> => {
  const found: Uint8Array[] = [];
  for await (const piece of pieces) found.push(piece);
  return Buffer.concat(found);
};

/** A file that is only a footer. */
const footerOf = (...bytes: number[]): Buffer => {
  const size = Buffer.alloc(4);
  size.writeUInt32LE(bytes.length);
  return Buffer.concat([Buffer.from('PAR1'), Buffer.from(bytes), size, Buffer.from('PAR1')]);
};

describe('parquet, as pyarrow writes it', () => {
  it('reads a set of the hub: several files and row groups, names of classes', async () => {
    const source = inFixtures('train-00000-of-00002', 'train-00001-of-00002');
    const images = await imagesOf(parquet, source);
    expect(images).toEqual(
      pictures.map((bytes, n) => ({
        identity: ['ash', 'fir', 'oak'][Math.floor(n / 2)],
        place: [Math.floor(n / 4), Math.floor((n % 4) / 2), n % 2],
        bytes,
      })),
    );
    expect(parquet.nameOf(source, [1, 0, 1])).toBe('train-00001-of-00002.parquet, row 1 of row group 0');
  });

  it.each(['none', 'snappy', 'gzip', 'brotli', 'zstd', 'lz4'])(
    'reads plain bytes and names, compressed by %s',
    async (codec) => {
      const images = await imagesOf(parquet, inFixtures(codec));
      expect(images.map(({ identity, bytes }) => ({ identity, bytes }))).toEqual(
        pictures.map((bytes, n) => ({ identity: `p${Math.floor(n / 2)}`, bytes })),
      );
    },
  );

  it('lists rows without bytes, or without a label, with the reason', async () => {
    const found = await listed(parquet, inFixtures('external'));
    expect(found.map((entry) => ('fault' in entry ? entry.fault : entry.identity))).toEqual([
      0,
      'names a file, "https://example.org/b.png", but does not hold it',
      'has no image',
    ]);
  });

  it('refuses a set without labels, and names beside numbers', async () => {
    expect((await refusal(fixture('parquet/unlabelled.parquet'))).message).toMatch(
      /label, identity or id, got image, age/,
    );
    await expect(listed(parquet, inFixtures('external', 'none'))).rejects.toThrow(/must be all numbers, got "p0"/);
  });
});

describe('parquet, written by us', () => {
  const written = async (groupBytes?: number): Promise<Buffer> => {
    const samples = pictures.map((bytes, n) => ({ identity: Math.floor(n / 2), image: n % 2, bytes }));
    return collect(parquetFile(samples, groupBytes));
  };

  it.each([
    [undefined, [0, 0, 0, 0, 0, 0]],
    [150, [0, 0, 1, 1, 2, 2]],
    [1, [0, 1, 2, 3, 4, 5]],
  ])('gives back every byte and label, with row groups of %s bytes', async (groupBytes, groups) => {
    const file = await written(groupBytes);
    const images = await imagesOf(parquet, sourceOf({ 'x.parquet': file }));
    expect(images.map(({ identity, bytes }) => ({ identity, bytes }))).toEqual(
      pictures.map((bytes, n) => ({ identity: Math.floor(n / 2), bytes })),
    );
    expect(images.map(({ place }) => place[1])).toEqual(groups);
    expect(await written(groupBytes)).toEqual(file);
  });

  it('writes a file without samples, and refuses what is no image', async () => {
    const file = await collect(parquetFile([]));
    expect(await listed(parquet, sourceOf({ 'x.parquet': file }))).toEqual([]);
    const writing = parquetFile([{ identity: 0, image: 0, bytes: Buffer.from('text') }]);
    await expect(writing.next()).rejects.toMatchObject({ code: 'ImageInvalid' });
  });
});

describe('parquet, by hand', () => {
  const none = fixture('parquet/none.parquet');

  it.each<[string, Buffer, RegExp]>([
    ['nothing', Buffer.alloc(0), /at least 12 bytes/],
    ['a file that is cut off', none.subarray(0, -1), /must end with PAR1/],
    [
      'a footer longer than the file',
      Buffer.concat([none.subarray(0, -8), Buffer.from('\xff\xff\xff\x7fPAR1', 'latin1')]),
      /footer must lie/,
    ],
    ['a footer that is no Thrift', footerOf(0xff, 0xff), /has no place|cut off/],
    ['a number without end', footerOf(0x15, ...new Array(1000).fill(0xff)), /over 10 bytes/],
    [
      'a list of two thousand million',
      footerOf(0x19, 0xfc, 0xff, 0xff, 0xff, 0xff, 0x07),
      /list of 2147483647 is cut off/,
    ],
    ['a string longer than the file', footerOf(0x18, 0xff, 0x7f), /string of 16383 bytes is cut off/],
    ['structs without end', footerOf(...new Array(1000).fill(0x1c)), /may be 24 deep/],
    ['a field that is there twice', footerOf(0x15, 2, 0x05, 2, 2, 0), /field 1 is there twice/],
    ['a footer without a schema', footerOf(0x15, 2, 0), /\(Parquet, byte 4\)/],
  ])('refuses %s', async (_, bytes, message) => {
    const { message: got, offset } = await refusal(bytes);
    expect(got).toMatch(message);
    expect(offset).toBeLessThanOrEqual(bytes.length);
  });

  it('refuses a page whose header is damaged, with its byte', async () => {
    const file = await collect(parquetFile([{ identity: 0, image: 0, bytes: pictures[0] as Uint8Array }]));
    const damaged = Buffer.from(file);
    damaged.fill(0xff, 4, 8);
    expect((await refusal(damaged)).offset).toBeLessThan(20);
  });

  /** Header of a data page in Thrift's compact protocol; numbers are zigzag and below 64. */
  const page = ({ size = 4, packed = 4, values = 1, encoding = 0, kind = 0 }): Buffer =>
    Buffer.from([
      0x15,
      kind * 2,
      0x15,
      size * 2,
      0x15,
      packed * 2,
      0x2c,
      0x15,
      values * 2,
      0x15,
      encoding * 2,
      0,
      0,
      1,
      2,
      3,
      4,
    ]);
  const check = (chunk: Buffer): void =>
    checkPages(chunk, { rows: 2, maxBytes: 10 }, (message, at) => new Error(`${message} at ${at}`));

  it('checks sizes, counts and encodings of pages before they are read', () => {
    expect(() => check(Buffer.concat([page({}), page({})]))).not.toThrow();
    expect(() => check(page({ size: 11 }))).toThrow(/at most 10 bytes once decompressed at 0/);
    expect(() => check(Buffer.concat([page({ size: 6 }), page({ size: 6 })]))).toThrow(/once decompressed at 17/);
    expect(() => check(page({ packed: 5 }))).toThrow(/cut off/);
    expect(() => check(page({ values: 3 }))).toThrow(/2 rows has a page of 3 values/);
    expect(() => check(Buffer.concat([page({ values: 2 }), page({})]))).toThrow(/a page of 1 values at 17/);
    expect(() => check(page({ encoding: 5 }))).toThrow(/got encoding 5/);
    expect(() => check(page({ kind: 1 }))).toThrow(/data or dictionary page/);
  });

  it('refuses places that are not in the files', async () => {
    for (const place of [
      [1, 0, 0],
      [0, 9, 0],
      [0, 0, 99],
    ] as Place[]) {
      const reading = parquet.read(inFixtures('none'), [place])[Symbol.asyncIterator]();
      await expect(reading.next()).rejects.toMatchObject({ code: 'FormatInvalid' });
    }
  });
});
