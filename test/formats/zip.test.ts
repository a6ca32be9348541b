import { describe, expect, it } from 'vitest';
import type { ListedImage, Place } from '../../formats/image-set.ts';
import { inMemory } from '../../formats/source.ts';
import { openZip, zip } from '../../formats/zip/index.ts';
import { fixture, imagesOf, listed, sourceOf } from './helpers/sources.ts';
import { type MadeEntry, zipBytes } from './helpers/zip-bytes.ts';

const pngs = new Map(
  fixture('zip/expected.txt')
    .toString()
    .trim()
    .split('\n')
    .map((line) => [Number(line.split(' ')[0]), Buffer.from(line.split(' ')[1] as string, 'hex')]),
);

const inFixtures = (...names: string[]): ReturnType<typeof sourceOf> =>
  sourceOf(Object.fromEntries(names.map((name) => [name, fixture(`zip/${name}`)])));

const open = (bytes: Uint8Array): ReturnType<typeof openZip> => openZip(inMemory('x.zip', bytes));

const readAll = async (bytes: Uint8Array): Promise<Map<string, Buffer>> => {
  const archive = await open(bytes);
  const files = new Map<string, Buffer>();
  for (const entry of archive.entries) files.set(entry.path, await archive.read(entry));
  return files;
};

const refusal = async (bytes: Uint8Array): Promise<{ message: string; offset: unknown }> => {
  const error = await readAll(bytes).then(
    () => expect.fail('the archive was read'),
    (caught) => caught,
  );
  expect(error).toMatchObject({ code: 'FormatInvalid', data: { format: 'zip', file: 'x.zip' } });
  return { message: error.message, offset: error.data.offset };
};

describe('zip, as Python writes it', () => {
  it.each([
    ['DigiFace-1M, stored and deflated', ['subjects_0-1_2_imgs.zip', 'subjects_2-3_2_imgs.zip'], [0, 1, 2, 3]],
    ['zip64', ['zip64.zip'], [5]],
    ['sizes behind the files, and a comment', ['streamed.zip'], [7]],
  ])('is read: %s', async (_, names, identities) => {
    const source = inFixtures(...names);
    expect(zip.matches(source.files)).toBe(true);
    const images = await imagesOf(zip, source);
    const expected = identities.flatMap((identity) =>
      [0, 1].map((image) => ({
        identity: `${identity}`,
        bytes: new Uint8Array(pngs.get(identity * 10 + image) as Buffer),
      })),
    );
    expect(images.map(({ identity, bytes }) => ({ identity, bytes }))).toEqual(expected);
  });

  it('names the file and the byte of an entry', async () => {
    const source = inFixtures('zip64.zip');
    const [image] = await imagesOf(zip, source);
    expect(zip.nameOf(source, (image as ListedImage).place)).toBe('zip64.zip, entry at byte 32');
  });
});

describe('zip, by hand', () => {
  const bytes = Buffer.from('pixels');

  it('lists what is no image with the reason, and passes over what file managers leave', async () => {
    const made = zipBytes([
      { path: 'a/1.png', bytes },
      { path: 'a/notes.txt', bytes },
      { path: '2.png', bytes },
      { path: 'a/3.jpg', bytes: Buffer.alloc(0) },
      { path: 'a/.DS_Store', bytes },
      { path: '__MACOSX/a/._1.png', bytes },
    ]);
    const found = await listed(zip, sourceOf({ 'x.zip': made }));
    expect(found.map((entry) => ('fault' in entry ? entry.fault : entry.identity))).toEqual([
      'a',
      'a/notes.txt is no JPEG, PNG or WebP by its name',
      '2.png lies in no folder of an identity',
      'a/3.jpg is empty',
    ]);
  });

  it('takes an archive with a comment that holds an end mark, and one without files', async () => {
    const comment = Buffer.concat([Buffer.from('PK\x05\x06', 'latin1'), Buffer.alloc(30, 1)]);
    expect(await readAll(zipBytes([{ path: 'a', bytes }], { comment }))).toEqual(new Map([['a', bytes]]));
    expect(await readAll(zipBytes([]))).toEqual(new Map());
  });

  it('gives no more bytes than asked for', async () => {
    const archive = await open(zipBytes([{ path: 'a', bytes }]));
    await expect(archive.read(archive.entries[0] as never, 5)).rejects.toThrow(/at most 5 bytes/);
  });

  const zeros = Buffer.alloc(2 ** 21);
  const wide = Buffer.alloc(12);
  wide.writeUInt16LE(1, 0);
  wide.writeUInt16LE(8, 2);
  wide.writeBigUInt64LE(2n ** 60n, 4);
  it.each<[string, MadeEntry, RegExp]>([
    ['a path that climbs out', { path: '../a' }, /must be relative/],
    ['a path that climbs out later', { path: 'a/../../b' }, /must be relative/],
    ['an absolute path', { path: '/etc/passwd' }, /must be relative/],
    ['a path of Windows', { path: 'a\\b.png' }, /must be relative/],
    ['a drive', { path: 'C:/a' }, /must be relative/],
    ['an empty path', { path: '' }, /must be relative/],
    ['a path with a NUL', { path: 'a\0b' }, /must be relative/],
    ['a path that is no UTF-8', { path: 'a\xe9' }, /must be UTF-8/],
    ['a symbolic link', { path: 'a', mode: 0o120777 }, /link or a device/],
    ['a device', { path: 'a', mode: 0o020666 }, /link or a device/],
    ['encryption', { path: 'a', flags: 1 }, /encrypted/],
    ['another method', { path: 'a', method: 14 }, /stored or deflated, got method 14/],
    ['another disk', { path: 'a', disk: 1 }, /another disk/],
    ['a folder with bytes', { path: 'a/' }, /must be empty/],
    ['a ratio of a thousand', { path: 'a', bytes: zeros, deflated: true }, /may grow 200 times/],
    ['more bytes than stated', { path: 'a', bytes: Buffer.alloc(99), deflated: true, size: 98 }, /must inflate to 98/],
    [
      'fewer bytes than stated',
      { path: 'a', bytes: Buffer.alloc(99), deflated: true, size: 100 },
      /to 100 bytes, got 99/,
    ],
    ['what does not inflate', { path: 'a', bytes: Buffer.from('\xff\xff', 'latin1'), method: 8 }, /must inflate/],
    ['a stored file of other sizes', { path: 'a', size: 2 }, /stored file of 2 bytes takes 1/],
    ['another sum', { path: 'a', crc: 1 }, /CRC-32 must be 00000001, got 8cdc1683/],
    ['a local header of another name', { path: 'a', local: { path: 'b' } }, /names it "b"/],
    ['a local header of other sizes', { path: 'a', local: { size: 9 } }, /other sizes/],
    ['a local header of another sum', { path: 'a', local: { crc: 9 } }, /another CRC-32/],
    ['a local header that leads on', { path: 'a', local: { extraBytes: 20 } }, /reaches into/],
    ['an offset behind the directory', { path: 'a', offset: 9999 }, /before the directory/],
    ['an offset between headers', { path: 'a', offset: 1 }, /overlaps what follows/],
    ['a zip64 size that is missing', { path: 'a', size: 0xffffffff }, /zip64 size is missing/],
    ['a size over 2^53', { path: 'a', size: 0xffffffff, extra: wide }, /over 2\^53/],
    ['an extra field that is cut off', { path: 'a', extra: Buffer.from([9, 9, 9, 9]) }, /cut off/],
  ])('refuses %s', async (_, entry, message) => {
    const { message: got, offset } = await refusal(zipBytes([{ path: 'first', bytes }, entry]));
    expect(got).toMatch(message);
    expect(offset).toBeGreaterThan(0);
  });

  it('refuses files that are there twice, and files that overlap', async () => {
    expect((await refusal(zipBytes([{ path: 'a' }, { path: 'a' }]))).message).toMatch(/a is there twice/);
    expect((await refusal(zipBytes([{ path: 'a' }, { path: 'a', offset: 0 }]))).message).toMatch(/twice/);
    expect((await refusal(zipBytes([{ path: 'a' }, { path: 'b', offset: 0 }]))).message).toMatch(/overlaps/);
    // Fifield's bomb: the first file, stored, holds the local header of the second.
    const inner = zipBytes([{ path: 'b', bytes }]).subarray(0, 31 + bytes.length);
    const outer = { path: 'a', bytes: inner };
    expect((await refusal(zipBytes([outer, { path: 'b', bytes, offset: 31 }]))).message).toMatch(/a overlaps/);
  });

  it.each([
    ['no zip', Buffer.from('no zip at all, but long enough to be one')],
    ['nothing', Buffer.alloc(0)],
    ['a file that is cut off', zipBytes([{ path: 'a' }]).subarray(0, -3)],
    ['bytes before the archive', Buffer.concat([Buffer.alloc(4), zipBytes([{ path: 'a' }])])],
    ['more entries than fit', zipBytes([{ path: 'a' }], { entries: 60_000 })],
    ['fewer entries than there are', zipBytes([{ path: 'a' }, { path: 'b' }], { entries: 1 })],
    ['one entry more than there is', zipBytes([{ path: 'a'.repeat(100) }], { entries: 2 })],
    ['a directory of another size', zipBytes([{ path: 'a' }], { size: 46 })],
    ['several disks', zipBytes([{ path: 'a' }], { disk: 1 })],
  ])('refuses %s', async (_, made) => {
    await refusal(made);
  });

  it('refuses an archive that is not the one that was listed', async () => {
    const source = sourceOf({ 'x.zip': zipBytes([{ path: 'a/b.png', bytes }]) });
    const [image] = await imagesOf(zip, source);
    const [file, record] = (image as ListedImage).place;
    const read = async (place: Place): Promise<void> => {
      for await (const _ of zip.read(source, [place])) expect.fail('was read');
    };
    await expect(read([file, record, 7])).rejects.toThrow(/has changed/);
    await expect(read([file, record + 1, 0])).rejects.toMatchObject({ code: 'FormatInvalid' });
    await expect(read([1, record, 0])).rejects.toMatchObject({ code: 'FormatInvalid' });
  });

  it('refuses zip64 records that disagree with the end record', async () => {
    const made = fixture('zip/zip64.zip');
    const end = made.length - 22;
    const changed = (at: number, value: number): Buffer => {
      const copy = Buffer.from(made);
      copy.writeUInt8(value, at);
      return copy;
    };
    expect((await refusal(changed(end + 10, 2))).message).toMatch(/differ in entries: 2 and 3/);
    expect((await refusal(changed(end - 20 + 8, 1))).message).toMatch(/must lie at byte/);
    expect((await refusal(changed(end - 76, 1))).message).toMatch(/must start with PK/);
    expect((await refusal(changed(end - 76 + 39, 1))).message).toMatch(/more than the file has bytes/);
  });
});
