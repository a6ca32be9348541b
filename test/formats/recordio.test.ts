import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Place } from '../../formats/image-set.ts';
import { recordio, writeRecordio } from '../../formats/recordio/index.ts';
import { encodeRecord } from '../../formats/recordio/write.ts';
import { imagesOf, listAll, loadFiles, sourceOf } from '../helpers/sets.ts';

const fixtures = join(import.meta.dirname, '../fixtures/formats/recordio');
const expected = JSON.parse(readFileSync(join(fixtures, 'expected.json'), 'utf8'));
const load = (name: string) => loadFiles(join(fixtures, name)) as { [path: string]: Buffer };
const invalid = (message: RegExp, data: object = {}) =>
  expect.objectContaining({
    code: 'FormatInvalid',
    message: expect.stringMatching(message),
    data: expect.objectContaining(data),
  });

/** A record with header and image. */
const record = (label: number, image: Uint8Array, { flag = 0, id = 0 } = {}): Buffer => {
  const head = Buffer.alloc(24);
  head.writeUInt32LE(flag, 0);
  head.writeFloatLE(label, 4);
  head.writeBigUInt64LE(BigInt(id), 8);
  return encodeRecord(Buffer.concat([head, image]));
};
const list = (files: { [path: string]: Uint8Array }) => listAll(recordio, sourceOf(files));
const pixel = Buffer.from('a JPEG');

describe('recordio, packs written by MXNet', () => {
  it.each([
    ['as InsightFace packs, the header behind the images', 'insightface'],
    ['the header first, labels in arrays', 'header-first'],
    ['a shuffled .idx file', 'shuffled'],
    ['no .idx file', 'without-index'],
    ['as im2rec packs, without a header', 'im2rec'],
    ['images that contain the magic, so that their records have parts', 'parts'],
    ["DCFace's: labels 0, identities in list.txt", 'dcface'],
  ])('reads %s', async (_, name) => {
    const source = sourceOf(load(name));
    expect(recordio.matches(source.files)).toBe(true);
    expect(await imagesOf(recordio, source)).toEqual(expected[name]);
  });

  it('reads a set from the .rec file alone, if that is what the user names', async () => {
    const { 'train.rec': rec } = load('insightface');
    expect(await imagesOf(recordio, sourceOf({ 'train.rec': rec as Buffer }))).toEqual(expected.insightface);
  });

  it('leaves out what the .idx file does not name, as MXNet does', async () => {
    const files = load('insightface');
    const lines = `${files['train.idx']}`.split('\n').filter((line) => !/^[24]\t/.test(line));
    files['train.idx'] = Buffer.from(lines.join('\n'));
    const left = [0, 2, 4].map((i) => expected.insightface[i]);
    expect(await imagesOf(recordio, sourceOf(files))).toEqual(left);
  });

  it('reads any of them in any order, once or more often', async () => {
    const source = sourceOf(load('parts'));
    const places = (await listAll(recordio, source)).map(({ place }) => place);
    const order = [3, 0, 4, 4, 1];
    const found: string[] = [];
    const asked = order.map((i) => places[i] as Place);
    for await (const bytes of recordio.read(source, asked)) found.push(Buffer.from(bytes).toString('base64'));
    expect(found).toEqual(order.map((i) => expected.parts[i][1]));
    expect(recordio.nameOf(source, places[0] as Place)).toBe('train.rec, record at byte 0');
  });
});

describe('recordio, what is wrong', () => {
  it.each([Number.NaN, Number.POSITIVE_INFINITY, -1, 0.5, 2 ** 25])('lists label %d as bad', async (label) => {
    const rec = Buffer.concat([record(1, pixel), record(label, pixel)]);
    const [, bad] = await list({ 'a.rec': rec });
    expect(bad).toMatchObject({ place: [0, 40, 40], fault: expect.stringMatching(/whole number from 0/) });
  });

  it('lists records without an image, or too short for one, as bad', async () => {
    const rec = Buffer.concat([
      record(1, Buffer.alloc(0)),
      encodeRecord(Buffer.alloc(23)),
      record(0, pixel, { flag: 9 }),
      record(1, pixel),
    ]);
    const faults = (await list({ 'a.rec': rec })).map((entry) => 'fault' in entry && entry.fault);
    expect(faults).toEqual([
      'has no image',
      'has 23 bytes, fewer than a header of 24',
      'names 9 labels, but has only 30 bytes',
      false,
    ]);
  });

  it('refuses several images that all have label 0, unless property says that there is one identity', async () => {
    const files = { 'file.rec': load('dcface')['file.rec'] as Buffer };
    await expect(list(files)).rejects.toEqual(invalid(/all 5 images have label 0.*50 %/));
    const single = await list({ ...files, property: Buffer.from('1,112,112') });
    expect(single).toHaveLength(5);
    await expect(list({ ...files, property: Buffer.from('2,112,112') })).rejects.toEqual(invalid(/label 0/));
    expect(await list({ 'file.rec': record(0, pixel) })).toHaveLength(1);
  });

  it('refuses a list.txt that misses records, says something else than labels, or is no list', async () => {
    const files = load('dcface');
    const withList = (text: string) => list({ ...files, 'list.txt': Buffer.from(text) });
    await expect(withList('0\t12/0.jpg\n')).rejects.toEqual(invalid(/does not name that of record 1/));
    await expect(withList('0 12/0.jpg')).rejects.toEqual(invalid(/a key under/, { file: 'list.txt', offset: 0 }));
    await expect(withList('0\t12/0.jpg\n999999999\t1/2.jpg')).rejects.toEqual(invalid(/a key under/, { offset: 11 }));
    await expect(withList('x'.repeat(9000))).rejects.toEqual(invalid(/at most 8192 bytes/));
    const other = { 'a.rec': record(3, pixel), 'list.txt': Buffer.from('0\t12/0.jpg') };
    await expect(list(other)).rejects.toEqual(invalid(/label 3.*shows 12/));
  });

  it('takes an .idx file with the line ends of Windows', async () => {
    const files = load('insightface');
    files['train.idx'] = Buffer.from(`${files['train.idx']}`.replaceAll('\n', '\r\n'));
    expect(await list(files)).toHaveLength(5);
  });

  it("counts labels, not list.txt, where InsightFace's header is there", async () => {
    const files = { ...load('insightface'), 'list.txt': Buffer.from('no list') };
    expect(await list(files)).toHaveLength(5);
  });

  it('refuses an .idx file that is no list of offsets, or of another pack', async () => {
    const { 'train.rec': rec } = load('insightface') as { 'train.rec': Buffer };
    const withIndex = (text: string) => list({ 'train.rec': rec, 'train.idx': Buffer.from(text) });
    await expect(withIndex('1\t0\nfive\t8\n')).rejects.toEqual(invalid(/got "five/, { file: 'train.idx', offset: 4 }));
    await expect(withIndex('1\t0\n2\t36\n')).rejects.toEqual(invalid(/key 2 at byte 36/, { offset: 36 }));
    await expect(withIndex('1\t0\n2\t99999999\n')).rejects.toEqual(invalid(/key 2 at byte 99999999/));
  });

  it('names the byte of a bad magic, a cut record, a length beyond the file, and parts out of order', async () => {
    const good = record(1, pixel);
    const second = (bytes: Buffer) => list({ 'a.rec': Buffer.concat([good, bytes]) });
    const at = { file: 'a.rec', offset: 40 };
    await expect(second(Buffer.alloc(8))).rejects.toEqual(invalid(/begin with 0xced7230a, got 0x00000000/, at));
    await expect(second(good.subarray(0, 20))).rejects.toEqual(invalid(/30 bytes must fit/, at));
    await expect(second(good.subarray(0, 5))).rejects.toEqual(invalid(/inside a record/, at));
    const kind = (value: number, bytes = good) => {
      const changed = Buffer.from(bytes);
      changed.writeUInt32LE(((value << 29) | 30) >>> 0, 4);
      return changed;
    };
    await expect(second(kind(3))).rejects.toEqual(invalid(/first part/, at));
    await expect(second(kind(6))).rejects.toEqual(invalid(/0 to 3/, at));
    await expect(second(Buffer.concat([kind(1), good]))).rejects.toEqual(invalid(/before the next/, { offset: 80 }));
    await expect(second(kind(1))).rejects.toEqual(invalid(/inside a record/, { offset: 80 }));
  });

  it('refuses two packs in one folder', async () => {
    const two = list({ 'a.rec': record(1, pixel), 'b.rec': record(1, pixel) });
    await expect(two).rejects.toMatchObject({
      code: 'PackAmbiguous',
      message: expect.stringContaining('a.rec, b.rec'),
    });
  });
});

describe('writeRecordio', () => {
  const write = async (images: readonly [number, string][]) => {
    const folder = join(mkdtempSync(join(tmpdir(), 'recordio-')), 'pack');
    async function* stream() {
      for (const [identity, text] of images) yield { identity, bytes: Buffer.from(text, 'base64') };
    }
    const written = await writeRecordio(folder, stream(), { height: 112, width: 112 });
    return { written, files: loadFiles(folder) };
  };

  it('writes byte for byte what MXNet writes for the same images, parts included', async () => {
    const { written, files } = await write(expected.insightface);
    expect(written).toEqual({ images: 5, classes: 3 });
    expect(files).toEqual(load('insightface'));
    const { files: parts } = await write(expected.parts);
    expect(parts['train.rec']).toEqual(load('parts')['train.rec']);
  });

  it('writes what it reads again: bytes, labels and order', async () => {
    const images = Array.from({ length: 300 }, (_, i): [number, string] => [
      Math.floor(i / 7) * 3,
      Buffer.alloc(1 + ((i * 7919) % 40_000), i).toString('base64'),
    ]);
    const { files } = await write(images);
    expect(await imagesOf(recordio, sourceOf(files))).toEqual(images);
    expect(`${files.property}`).toBe('127,112,112');
  });

  it('refuses identities that float32 does not hold', async () => {
    for (const identity of [-1, 0.5, 2 ** 24]) {
      await expect(write([[identity, '']])).rejects.toMatchObject({ code: 'PackLabel' });
    }
  });
});
