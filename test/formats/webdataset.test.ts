import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ListedImage, Place } from '../../formats/image-set.ts';
import { encodeTar, encodeTarEntry, tarChecksum, tarEnd } from '../../formats/tar.ts';
import { webdataset, webdatasetShards } from '../../formats/webdataset/index.ts';
import { fixture, imagesOf, listed, sourceOf } from './helpers/sources.ts';

const pictures: { [name: string]: string } = JSON.parse(fixture('webdataset/expected.json').toString());
const picture = (name: string): Uint8Array => new Uint8Array(Buffer.from(pictures[name] as string, 'hex'));

const tarOf = (...entries: Buffer[]): Buffer => Buffer.concat([...entries, tarEnd]);
const inFixture = (name: string): ReturnType<typeof sourceOf> => sourceOf({ [name]: fixture(`webdataset/${name}`) });
const bare = (images: ListedImage[]): unknown => images.map(({ identity, bytes }) => ({ identity, bytes }));

/** An entry whose header is changed and has its checksum again. */
const entryWith = (path: string, bytes: Buffer, change: (header: Buffer) => void): Buffer => {
  const entry = encodeTarEntry({ path, bytes });
  change(entry);
  entry.write(`${tarChecksum(entry).toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return entry;
};
const typed = (type: string, bytes: Buffer | string = '', path = 'x'): Buffer =>
  entryWith(path, Buffer.from(bytes), (header) => header.write(type, 156, 'latin1'));
const renamed = (path: string | Buffer): Buffer =>
  entryWith('x', Buffer.alloc(0), (header) => header.fill(0, 0, 100).set(Buffer.from(path), 0));
const png = Buffer.from(picture('0.PNG'));
const file = (path: string, bytes: Buffer | string = png): Buffer =>
  encodeTarEntry({ path, bytes: Buffer.from(bytes) });

const refusal = async (bytes: Uint8Array): Promise<{ message: string; offset: unknown }> => {
  const error = await listed(webdataset, sourceOf({ 'x.tar': bytes })).then(
    () => expect.fail('the shard was read'),
    (caught) => caught,
  );
  expect(error).toMatchObject({ code: 'FormatInvalid', data: { format: 'tar', file: 'x.tar' } });
  return { message: error.message, offset: error.data.offset };
};
const faults = async (...entries: Buffer[]): Promise<(string | number)[]> =>
  (await listed(webdataset, sourceOf({ 'x.tar': tarOf(...entries) }))).map((entry) =>
    'fault' in entry ? entry.fault : entry.identity,
  );

describe('webdataset, as Python writes it', () => {
  it.each([
    ['ustar.tar', 'n'.repeat(60), '7.WEBP'],
    ['gnu.tar', `${'a-very-long-name-of-a-folder-'.repeat(5)}é`, '7.JPEG'],
    ['pax.tar', `${'a-very-long-name-of-a-folder-'.repeat(5)}é`, '7.JPEG'],
  ])('reads folders of identities in %s, written by tarfile', async (name, last, image) => {
    expect(bare(await imagesOf(webdataset, inFixture(name)))).toEqual([
      { identity: 'ash', bytes: picture('0.PNG') },
      { identity: 'ash', bytes: picture('1.PNG') },
      { identity: 'fir', bytes: picture('0.PNG') },
      { identity: 'fir', bytes: picture('1.PNG') },
      { identity: last, bytes: picture(image) },
    ]);
  });

  it('reads .cls and .json of webdataset.TarWriter', async () => {
    expect(bare(await imagesOf(webdataset, inFixture('cls.tar')))).toEqual(
      [0, 1, 2, 3].map((n) => ({ identity: Math.floor(n / 2), bytes: picture(`${n}.PNG`) })),
    );
    expect(bare(await imagesOf(webdataset, inFixture('json.tar')))).toEqual(
      ['ash', 'fir', 'oak'].map((identity, n) => ({ identity, bytes: picture(`${n}.JPEG`) })),
    );
  });

  it('names the file and the byte of an image', async () => {
    const source = inFixture('cls.tar');
    const [image] = await imagesOf(webdataset, source);
    const { place } = image as ListedImage;
    expect(webdataset.nameOf(source, place)).toBe(`cls.tar, file at byte ${place[1]}`);
    expect(fixture('webdataset/cls.tar').subarray(place[1], place[1] + place[2])).toEqual(
      Buffer.from(picture('0.PNG')),
    );
  });
});

describe('webdataset, written by us', () => {
  const samples = [0, 1, 2, 3, 7].map((n) => ({
    identity: n,
    image: n % 2,
    bytes: picture(`${n}.${n === 2 ? 'JPEG' : n === 3 ? 'WEBP' : 'PNG'}`),
  }));
  const shards = async (shardBytes?: number): Promise<{ [path: string]: Buffer }> => {
    const files: { [path: string]: Buffer } = {};
    for await (const { path, bytes } of webdatasetShards(samples, shardBytes)) files[path] = bytes;
    return files;
  };

  it('gives back every byte and label, from one shard or several, and equal bytes each time', async () => {
    const expected = samples.map(({ identity, bytes }) => ({ identity, bytes }));
    expect(bare(await imagesOf(webdataset, sourceOf(await shards())))).toEqual(expected);
    const small = await shards(6000);
    expect(Object.keys(small)).toEqual(['000000.tar', '000001.tar', '000002.tar']);
    expect(Math.max(...Object.values(small).map(({ length }) => length))).toBeLessThanOrEqual(6000);
    expect(bare(await imagesOf(webdataset, sourceOf(small)))).toEqual(expected);
    expect(await shards(6000)).toEqual(small);
    expect(Object.keys(await shards(1))).toHaveLength(samples.length);
  });

  it('is unpacked by the system tar', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'cemiflow-webdataset-'));
    try {
      writeFileSync(join(folder, 'x.tar'), (await shards())['000000.tar'] as Buffer);
      execFileSync('tar', ['-xf', 'x.tar'], { cwd: folder });
      expect(readFileSync(join(folder, '000002/0000.jpg'))).toEqual(Buffer.from(picture('2.JPEG')));
      expect(readFileSync(join(folder, '000007/0001.cls'), 'utf8')).toBe('7');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('refuses what is no image', async () => {
    const writing = webdatasetShards([{ identity: 0, image: 0, bytes: Buffer.from('text') }]);
    await expect(writing.next()).rejects.toMatchObject({ code: 'ImageInvalid' });
  });
});

describe('webdataset, by hand', () => {
  it('takes old headers, binary sizes, global headers, padding, and long names in either order', async () => {
    const old = entryWith('a/1.png', png, (header) => header.fill(0, 257, 512).fill(0, 156, 157));
    const binary = entryWith('a/2.png', png, (header) => {
      header.fill(0, 124, 136).writeUInt8(0x80, 124);
      header.writeUInt32BE(png.length, 132);
    });
    const named = [typed('L', 'a/3.png\0'), typed('K', 'unused\0'), file('x')];
    const sized = [
      typed('x', `16 path=a/4.png\n12 size=${`${png.length}`.padStart(3, '0')}\n`),
      entryWith('y', png, (header) => header.write('0'.repeat(11), 124, 'latin1')),
    ];
    const shard = tarOf(typed('g', '13 comment=x\n'), old, binary, ...named, ...sized, Buffer.alloc(9 * 512));
    const images = await imagesOf(webdataset, sourceOf({ 'x.tar': shard }));
    expect(bare(images)).toEqual([1, 2, 3, 4].map(() => ({ identity: 'a', bytes: picture('0.PNG') })));
  });

  it('lists samples that it cannot take, with the reason', async () => {
    const cls = file('a/1.cls', '1');
    expect(await faults(file('a/1.cls', 'one'), file('a/1.png'))).toEqual([
      'a/1 has a .cls that is not a whole number from 0 below 2^31',
    ]);
    expect(await faults(cls)).toEqual(['a/1 has no image, only .cls']);
    expect(await faults(file('a/1.2.png'), cls)).toEqual(['a/1 has no image, only .2.png, .cls']);
    expect(await faults(file('a/1.png'), file('a/1.jpg'))).toEqual(['a/1 has several images: .jpg, .png']);
    expect(await faults(file('a/1.png', ''))).toEqual(['a/1 is empty']);
    expect(await faults(file('1.png'))).toEqual(['1 has no label: no .cls, no .json with one, and no folder']);
    expect(await faults(file('1.png'), file('1.json', '{'))).toEqual(['1 has a .json that is damaged, or over 1 MiB']);
    expect(await faults(file('1.png'), file('1.json', '{"label":-1}'))).toEqual([
      '1 has a .json whose label is neither a name nor a whole number from 0 below 2^31',
    ]);
    expect(await faults(file('1.png'), file('1.json', '{"label":7,"id":9}'))).toEqual([7]);
    expect(await faults(file('b/1.png'), file('b/1.json', '[]'))).toEqual(['b']);
    expect(await faults(file('b/README', 'text'), file('b/.hidden', 'x'), file('b/1.png'))).toEqual(['b']);
  });

  const first = file('a/1.png');
  it.each<[string, Buffer[], RegExp]>([
    ['a symbolic link', [typed('2')], /must be a file or a folder, got type "2"/],
    ['a hard link', [typed('1')], /got type "1"/],
    ['a device', [typed('3')], /got type "3"/],
    ['a sparse file', [typed('S')], /got type "S"/],
    ['a sparse file of pax', [typed('x', '22 GNU.sparse.major=1\n'), first], /sparse files/],
    ['a path that climbs out', [renamed('a/../../b')], /must be relative/],
    ['an absolute path', [renamed('/etc/passwd')], /must be relative/],
    ['the root', [renamed('/')], /must be relative/],
    ['a path of Windows', [renamed('a\\b.png')], /must be relative/],
    ['an empty path', [renamed('')], /must be relative/],
    ['a path that is no UTF-8', [renamed(Buffer.from([0x61, 0xe9]))], /UTF-8/],
    ['a long name that climbs out', [typed('L', '../a.png\0'), file('x')], /must be relative/],
    ['a pax path that climbs out', [typed('x', '17 path=../a.png\n'), file('x')], /must be relative/],
    ['a global path', [typed('g', '16 path=a/2.png\n'), first], /global header must not/],
    ['a folder with bytes', [typed('5', 'x')], /folder must be empty/],
    ['an extended header without a file', [typed('L', 'a\0')], /followed by no file/],
    [
      'an extended header after a size',
      [typed('x', '9 size=1\n'), typed('x', '9 size=1\n'), file('x')],
      /followed by its file/,
    ],
    ['an extended header of 65 KiB', [typed('L', 'a'.repeat(65 * 1024)), file('x')], /at most 65536 bytes/],
    ['a pax record without length', [typed('x', 'path=x\n'), first], /start with its length/],
    ['a pax record that leads on', [typed('x', '99 path=x\n'), first], /end with its line/],
    ['a pax record without a key', [typed('x', '7 path\n'), first], /a key and a value/],
    ['a pax size that is no number', [typed('x', '11 size=-1\n'), first], /size must be a number/],
    ['a size that is no number', [entryWith('x', png, (h) => h.write('9z', 124, 'latin1'))], /octal number/],
    ['a size over 2^53', [entryWith('x', png, (h) => h.fill(0xff, 125, 136).writeUInt8(0x80, 124))], /octal number/],
    ['a size beyond the file', [entryWith('x', png, (h) => h.write('77777777777', 124, 'latin1'))], /is cut off/],
    ['a sample that comes again', [file('b.png'), first], /sample a\/1 comes a second time/],
    ['a file that is there twice', [file('a/2.png'), file('a/2.png')], /a\/2.png is there twice/],
    ['names beside numbers', [file('a/3.png'), file('a/3.cls', '1')], /must be all strings, got 1/],
  ])('refuses %s', async (_, entries, message) => {
    const { message: got, offset } = await refusal(tarOf(first, ...entries));
    expect(got).toMatch(message);
    expect(offset).toBeGreaterThanOrEqual(first.length);
  });

  it('refuses damage: a flipped bit, a missing end, bytes after the end', async () => {
    const flipped = tarOf(first);
    flipped.writeUInt8(0x39, 3);
    expect(await refusal(flipped)).toEqual({ message: expect.stringMatching(/checksum/), offset: 0 });
    expect(await refusal(first)).toEqual({ message: expect.stringMatching(/end mark/), offset: first.length });
    expect((await refusal(Buffer.alloc(0))).message).toMatch(/end mark/);
    expect((await refusal(tarOf(tarOf(first), first))).message).toMatch(/more follows the end mark/);
    expect((await refusal(tarOf(first, Buffer.alloc(2 ** 21)))).message).toMatch(/bytes follow the end mark/);
  });

  it('refuses compressed shards, with the command that unpacks them', async () => {
    const source = sourceOf({ 'a.tar.gz': Buffer.alloc(20) });
    expect(webdataset.matches(source.files)).toBe(true);
    await expect(listed(webdataset, source)).rejects.toMatchObject({
      code: 'FormatInvalid',
      remedy: expect.stringMatching(/gunzip a.tar.gz/),
    });
  });

  it('refuses places that are not in the shards', async () => {
    const source = sourceOf({ 'x.tar': encodeTar([{ path: 'a/1.png', bytes: png }]) });
    for (const place of [
      [0, 512, 2 ** 20],
      [1, 512, 8],
      [0, 512, 2 ** 40],
    ] as Place[]) {
      await expect(webdataset.read(source, [place])[Symbol.asyncIterator]().next()).rejects.toMatchObject({
        code: 'FormatInvalid',
      });
    }
  });
});
