import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Place } from '../../formats/image-set.ts';
import { lmdb, writeLmdb } from '../../formats/lmdb/index.ts';
import { decimalOrder } from '../../formats/lmdb/write.ts';
import { askReader } from '../helpers/python-readers.ts';
import { imagesOf, listAll, loadFiles, sourceOf } from '../helpers/sets.ts';

const fixtures = join(import.meta.dirname, '../fixtures/formats/lmdb');
const expected = JSON.parse(readFileSync(join(fixtures, 'expected.json'), 'utf8'));
const load = (name: string) => loadFiles(join(fixtures, name)) as { [path: string]: Buffer };
const list = (bytes: Buffer) => listAll(lmdb, sourceOf({ 'data.mdb': bytes }));
const invalid = (message: RegExp, data: object = {}) =>
  expect.objectContaining({
    code: 'FormatInvalid',
    message: expect.stringMatching(message),
    data: expect.objectContaining(data),
  });

const pageBytes = 4096;
const hsface = () => Buffer.from(load('hsface.lmdb')['hsface.lmdb'] as Buffer);
/** Start of the meta page that counts. */
const newest = (bytes: Buffer): number =>
  bytes.readBigUInt64LE(pageBytes + 144) > bytes.readBigUInt64LE(144) ? pageBytes : 0;
const rootOf = (bytes: Buffer): number => Number(bytes.readBigUInt64LE(newest(bytes) + 88 + 40)) * pageBytes;
/** Changed bytes of a good file: `change` gets it and the start of its root page. */
const changed = (change: (bytes: Buffer, root: number) => void): Buffer => {
  const bytes = hsface();
  change(bytes, rootOf(bytes));
  return bytes;
};

describe('lmdb, sets written by Python', () => {
  it.each([
    ['as HSFace is published, one file', 'hsface.lmdb'],
    ['with embeddings, as data.mdb in a folder', 'webface'],
    ['by MessagePack before 2.0, which has text for bytes', 'old-msgpack.lmdb'],
  ])('reads a set %s', async (_, name) => {
    const source = sourceOf(load(name));
    expect(lmdb.matches(source.files)).toBe(true);
    expect(await imagesOf(lmdb, source)).toEqual(expected[name]);
    const [first] = await listAll(lmdb, source);
    expect(lmdb.nameOf(source, first?.place as Place)).toMatch(/(data\.mdb|\.lmdb), image at byte \d+$/);
  });

  it('has branches and overflow pages in its fixture, so that both are read', () => {
    const bytes = hsface();
    const tree = newest(bytes) + 88;
    expect(bytes.readUInt16LE(tree + 6)).toBe(2);
    expect(bytes.readBigUInt64LE(tree + 24)).toBe(4n);
  });

  it('reads the meta page with the later transaction', async () => {
    const bytes = changed((file) => {
      const older = newest(file) === 0 ? pageBytes : 0;
      file.writeBigUInt64LE(2n ** 64n - 1n, older + 88 + 40);
      file.writeBigUInt64LE(file.readBigUInt64LE(newest(file) + 144) + 1n, older + 144);
    });
    await expect(list(bytes)).rejects.toEqual(invalid(/there must be a list __keys__.*it is empty/));
  });
});

describe('lmdb, what is refused', () => {
  it.each([
    ['named.lmdb', /holds further databases: images, labels/],
    ['plain-keys.lmdb', /a list __keys__, as in HSFace.*first keys are 000001\/0001\.jpg/],
    ['empty.lmdb', /of 0 entries there is none, and it is empty/],
    ['pickled.lmdb', /must be MessagePack arrays, and this value is a pickle/],
  ])('%s, with what is in it', async (name, message) => {
    const [bytes] = Object.values(load(name));
    await expect(list(bytes as Buffer)).rejects.toEqual(invalid(message));
  });

  it("npm lmdb's data format, other files, and other machines' byte order", async () => {
    const version = changed((file) => file.writeUInt32LE(2, 20));
    const refusal = await list(version).catch((error) => error);
    expect(refusal).toEqual(invalid(/must be 1, got 2/, { offset: 20 }));
    expect(refusal.remedy).toMatch(/npm writes data format 2/);
    const magic = changed((file) => file.writeUInt32BE(0xbeefc0de, 16));
    await expect(list(magic)).rejects.toEqual(invalid(/big-endian/, { offset: 16 }));
    await expect(list(Buffer.alloc(9000))).rejects.toEqual(invalid(/magic 0xbeefc0de, got 0x00000000/));
    await expect(list(Buffer.alloc(10))).rejects.toEqual(invalid(/ends at byte 10/));
    await expect(list(hsface().subarray(0, 4200))).rejects.toEqual(invalid(/two meta pages/, { offset: 4096 }));
  });

  it.each([0, 100, 4095, 2 ** 20])('pages of %d bytes', async (size) => {
    const bytes = changed((file) => file.writeUInt32LE(size, 40));
    await expect(list(bytes)).rejects.toEqual(invalid(/power of two/, { offset: 40 }));
  });

  it('several values under a key, and keys in another order', async () => {
    const flags = (value: number) => changed((file) => file.writeUInt16LE(value, newest(file) + 88 + 4));
    await expect(list(flags(4))).rejects.toEqual(invalid(/dupsort/));
    await expect(list(flags(2))).rejects.toEqual(invalid(/orders its keys in another way/));
  });

  it('pages that lead in a circle', async () => {
    const bytes = changed((file, root) => {
      const nodes = (file.readUInt16LE(root + 12) - 16) / 2;
      for (let i = 0; i < nodes; i++)
        file.writeUIntLE(root / pageBytes, root + file.readUInt16LE(root + 16 + 2 * i), 6);
    });
    await expect(list(bytes)).rejects.toEqual(invalid(/at most 32 levels: its pages lead in a circle/));
  });

  it('pages and nodes beyond their bounds', async () => {
    const at = (change: (file: Buffer, root: number) => void) => list(changed(change));
    await expect(at((file, root) => file.writeUInt16LE(0xffff, root + 12))).rejects.toEqual(invalid(/free space/));
    await expect(at((file, root) => file.writeUInt16LE(0xfff8, root + 16))).rejects.toEqual(invalid(/node 0/));
    await expect(at((file, root) => file.writeUInt32LE(77, root))).rejects.toEqual(invalid(/carry its number, got 77/));
    await expect(at((file, root) => file.writeUInt16LE(0x22, root + 10))).rejects.toEqual(invalid(/branch or a leaf/));
    await expect(
      at((file, root) => {
        const node = root + file.readUInt16LE(root + 16 + 2);
        file.writeUIntLE(2 ** 40, node, 6);
      }),
    ).rejects.toEqual(invalid(/a page from 2 to \d+ must be named, got 1099511627776/));
    await expect(at((file) => file.writeBigUInt64LE(2n ** 63n, newest(file) + 88 + 40))).rejects.toEqual(
      invalid(/must be named/),
    );
  });

  it('a file that is cut off', async () => {
    const bytes = hsface();
    for (let length = 0; length < bytes.length; length += 2048) {
      const outcome = await list(bytes.subarray(0, length)).catch((error) => error);
      const isWhole = Array.isArray(outcome) && outcome.length === 28;
      if (!isWhole) expect(outcome).toEqual(invalid(/./));
    }
    await expect(list(bytes.subarray(0, rootOf(bytes)))).rejects.toEqual(invalid(/may be cut off/));
  });

  it('two databases in one folder', async () => {
    const two = listAll(lmdb, sourceOf({ 'a.lmdb': hsface(), 'b.lmdb': hsface() }));
    await expect(two).rejects.toMatchObject({ code: 'PackAmbiguous' });
  });
});

describe('lmdb, entries that are no images', () => {
  /** The set with one value, found by its first bytes, written over. */
  const withValue = (from: Buffer, to: Buffer): Buffer =>
    changed((file) => {
      const at = file.indexOf(from);
      expect(at).toBeGreaterThan(0);
      to.copy(file, at);
    });
  const image = Buffer.from(expected['hsface.lmdb'][0][1], 'base64');
  const value = Buffer.concat([Buffer.from([0x92, 0xc5, 0x01, 0x30]), image]);

  it('lists values of another shape as bad, and goes on', async () => {
    for (const [head, fault] of [
      [[0x94], /2 or 3 fields, got 4/],
      [[0x81], /must be an array, got type 0x81/],
      [[0x92, 0x01], /byte string, got type 0x01/],
      [[0x92, 0xc6, 0x7f], /bytes must follow/],
      [[0x92, 0xc4, 0x00], /whole number|image of 0 bytes/],
    ] as const) {
      const listed = await list(withValue(value, Buffer.from(head)));
      expect(listed).toHaveLength(28);
      expect(listed[0]).toMatchObject({ fault: expect.stringMatching(fault) });
      expect(listed[1]).toMatchObject({ identity: 0 });
    }
  });

  it('lists labels that are no whole numbers as bad', async () => {
    const labelled = Buffer.concat([value, Buffer.from([0])]);
    for (const label of [0xff, 0xc0, 0xca]) {
      const listed = await list(withValue(labelled, Buffer.concat([value, Buffer.from([label])])));
      expect(listed[0]).toMatchObject({ fault: expect.stringMatching(/whole number from 0/) });
    }
  });

  it('refuses a list of keys that is not as long as __len__, names no entry, or repeats one', async () => {
    const keys = Buffer.from([0xdc, 0, 28, 0xc4, 1, 0x30, 0xc4, 1, 0x31]);
    const shorter = withValue(keys, Buffer.from([0xdc, 0, 27]));
    await expect(list(shorter)).rejects.toEqual(
      invalid(/__len__ must be the number of keys in __keys__, 27, and is 28/),
    );
    const both = (count: number): Buffer => {
      const bytes = withValue(keys, Buffer.from([0xdc, 0, count]));
      bytes[bytes.lastIndexOf('__len__\x1c') + 7] = count;
      return bytes;
    };
    await expect(list(both(27))).rejects.toEqual(invalid(/__keys__ must end after its 27 keys/));
    await expect(list(both(29))).rejects.toEqual(invalid(/__keys__: the value is cut off/));
    const missing = withValue(keys, Buffer.from([0xdc, 0, 28, 0xc4, 1, 0x78]));
    const offset = missing.indexOf(Buffer.from([0xc4, 1, 0x78, 0xc4])) + 2;
    await expect(list(missing)).rejects.toEqual(invalid(/has the key x, and there is no such entry/, { offset }));
    const large = Buffer.concat(Array.from({ length: 10 }, (_, i) => Buffer.from([0xc4, 2, 0x31, 0x30 + i])));
    const repeated = Buffer.concat(Array.from({ length: 10 }, () => Buffer.from([0xc4, 2, 0x32, 0x37])));
    await expect(list(withValue(large, repeated))).rejects.toEqual(invalid(/must have each key once/));
  });
});

describe('writeLmdb', () => {
  const write = async (images: readonly [number, string][], options = {}) => {
    const path = join(mkdtempSync(join(tmpdir(), 'lmdb-')), 'set.lmdb');
    async function* stream() {
      for (const [identity, text] of images) yield { identity, bytes: Buffer.from(text, 'base64') };
    }
    const written = await writeLmdb(path, stream(), options);
    return { path, written, files: loadFiles(path) };
  };
  const many = (count: number) =>
    Array.from({ length: count }, (_, i): [number, string] => [
      (i * 97) % 70_000,
      Buffer.alloc(1 + ((i * 131) % 300), i).toString('base64'),
    ]);

  it.each([
    [0, 4096],
    [1, 4096],
    [11, 4096],
    [2500, 512],
    [700, 16_384],
    [300, 32_768],
  ])('writes %d images in pages of %d bytes, and reads them again: bytes, labels and order', async (count, size) => {
    const images = many(count);
    const { written, files } = await write(images, { pageBytes: size });
    expect(written).toEqual({ images: count, classes: Math.max(0, ...images.map(([label]) => label + 1)) });
    expect(await imagesOf(lmdb, sourceOf(files))).toEqual(images);
  });

  it.each([4096, 512, 16_384])(
    "writes what Python's lmdb reads, in pages of %d bytes",
    async (size) => {
      const images = many(2500);
      const { path } = await write(images, { pageBytes: size });
      const read = await askReader<{ length: number; classes: number; images: unknown; stat: object }>(
        'lmdb_set.py',
        path,
      );
      expect(read).toMatchObject({ length: 2500, classes: 1 + Math.max(...images.map(([label]) => label)), images });
      expect(read.stat).toMatchObject({ psize: size, entries: 2503, depth: size === 512 ? 3 : 2 });
    },
    600_000,
  );

  it('writes equal bytes for equal images', async () => {
    expect((await write(many(40))).files).toEqual((await write(many(40))).files);
  });

  it('orders keys as LMDB does: as text', () => {
    for (let count = 0; count <= 1250; count++) {
      const keys = Array.from({ length: count }, (_, i) => i).sort((a, b) => (`${a}` < `${b}` ? -1 : 1));
      expect([...decimalOrder(count)]).toEqual(keys);
    }
  });

  it('refuses identities that are no whole numbers', async () => {
    for (const identity of [-1, 0.5, 2 ** 32]) {
      await expect(write([[identity, '']])).rejects.toMatchObject({ code: 'PackLabel' });
    }
  });
});
