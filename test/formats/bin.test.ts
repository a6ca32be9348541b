import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readBin, writeBin } from '../../formats/bin/index.ts';
import { inMemory } from '../../formats/source.ts';

const folder = new URL('../fixtures/formats/bin/', import.meta.url);
const fixture = (name: string): Buffer => readFileSync(new URL(name, folder));
const files = readdirSync(folder).filter((name) => name.endsWith('.bin'));
const images = [0, 1, 2, 3].map((index) => fixture(`${index}.img`));
const set = { images, same: [true, false] };

describe('readBin', () => {
  it.each(files.filter((name) => !/^(odd|text)/.test(name)))('%s', async (name) => {
    const found = await readBin(inMemory(name, fixture(name)));
    expect(found.same).toEqual([true, false]);
    expect(found.images.map((image) => Buffer.from(image))).toEqual(images);
  });

  it('images are views of the file, so that a benchmark is in memory once', async () => {
    const bytes = fixture('bytes-4.bin');
    const { images } = await readBin(inMemory('a.bin', bytes));
    expect(images.every(({ buffer }) => buffer === bytes.buffer)).toBe(true);
  });

  it.each([
    ['odd-4.bin', /two images for each pair, got 3 images and 2 pairs/],
    ['text-4.bin', /image 0 must be a JPEG, PNG or WebP/],
  ])('%s is refused', async (name, message) => {
    const error = await readBin(inMemory(name, fixture(name))).catch((error: unknown) => error);
    expect(error).toMatchObject({ code: 'FormatInvalid', data: { file: name, format: 'InsightFace .bin' } });
    expect((error as Error).message).toMatch(message);
  });

  it.each([
    ['a list of one', '](K\x01e.', /must be a pair/],
    ['numbers for images', '(](K\x01K\x02e](\x88et.', /image 0 must be/],
    ['a number for a list', '(K\x01](\x88et.', /must be lists/],
    ['no pairs', '(]]t.', /two images/],
    ['bytes after the pickle', '(]]t.x', /must end with its pickle/],
    ['something that runs', 'cos\nsystem\n(U\x01xtR.', /os.system, which is not allowed/],
  ])('refuses %s', async (_, text, message) => {
    await expect(readBin(inMemory('a.bin', Buffer.from(text, 'latin1')))).rejects.toThrow(message);
  });

  it('refuses a pair that is neither True nor False, and names the byte of an entry that is no image', async () => {
    const marked = (flag: string) =>
      Buffer.concat([...writeBin(set)].slice(0, -4).concat(Buffer.from(`${flag}\x89e\x86.`, 'latin1')));
    await expect(readBin(inMemory('a.bin', marked('K\x02')))).rejects.toThrow(/pair 0 must be marked/);
    expect((await readBin(inMemory('a.bin', marked('\x88')))).same).toEqual([true, false]);
    const other = Buffer.concat([
      ...writeBin({ images: [...images.slice(0, 3), Buffer.from('no image')], same: [true, false] }),
    ]);
    const error = await readBin(inMemory('a.bin', other)).catch((error: unknown) => error);
    expect(error).toMatchObject({ data: { offset: other.indexOf('no image') } });
  });

  it('refuses a file over 1 GiB before it reads it', async () => {
    const read = () => Promise.reject(new Error('it was read'));
    await expect(readBin({ path: 'a.bin', bytes: 2 ** 30 + 1, read })).rejects.toThrow(/at most 1073741824 bytes/);
  });
});

describe('writeBin', () => {
  it('is read back', async () => {
    const bytes = Buffer.concat([...writeBin(set)]);
    const found = await readBin(inMemory('a.bin', bytes));
    expect({ images: found.images.map((image) => Buffer.from(image)), same: found.same }).toEqual(set);
  });

  it('writes the bytes that make.py has read as InsightFace reads them', () => {
    expect(Buffer.concat([...writeBin(set)])).toEqual(fixture('written.bin'));
  });

  it('refuses pairs without images', () => {
    expect(() => [...writeBin({ images, same: [true] })]).toThrow(/1 pairs need 2 images, got 4/);
  });
});
