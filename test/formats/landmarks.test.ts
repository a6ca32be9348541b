import { describe, expect, test } from 'vitest';
import { type LandmarkList, readLandmarkList } from '../../formats/landmarks/list.ts';
import { landmarkedPhotos } from '../../formats/landmarks/photos.ts';
import { readSidecar } from '../../formats/landmarks/sidecar.ts';
import { inMemory, type Source } from '../../formats/source.ts';

const read = (text: string | Uint8Array): Promise<LandmarkList> =>
  readLandmarkList(inMemory('landmarks.csv', typeof text === 'string' ? Buffer.from(text) : text));
const points = [10, 20.5, 30, 20, 20, -3, 12, 40, 28, 1e2];
const commas = points.join(',');

describe('a list of landmarks', () => {
  test.each([
    ['commas and a header', `path,x1,y1,x2,y2,x3,y3,x4,y4,x5,y5\nann/1.jpg,${commas}\n`],
    ['commas, no header, no last line break', `ann/1.jpg,${commas}`],
    ['line breaks of Windows, blank lines and a byte order mark', `\uFEFFann/1.jpg,${commas}\r\n\r\n`],
    ['blanks and a score, as in the lists of IJB', `ann/1.jpg ${points.join(' ')} 0.999\n`],
    ['tabs', `ann/1.jpg\t${points.join('\t')}\n`],
    ['a quoted path', `"ann/1.jpg",${commas}\n`],
    ['a path from the folder itself', `./ann/1.jpg, ${points.join(', ')}\n`],
  ])('is read with %s', async (_, text) => {
    const list = await read(text);
    expect([...list.paths()]).toEqual(['ann/1.jpg']);
    expect(list.get('ann/1.jpg')).toEqual(points);
    expect(list.get('ann/2.jpg')).toBeUndefined();
  });

  test('has paths with commas and quotes in quotes, and with blanks between tabs', async () => {
    expect([...(await read(`"ann/a, ""b"".jpg",${commas}`)).paths()]).toEqual(['ann/a, "b".jpg']);
    expect([...(await read(`ann lee/1.jpg\t${points.join('\t')}`)).paths()]).toEqual(['ann lee/1.jpg']);
  });

  test('of any length is read piece by piece', async () => {
    const rows = Array.from({ length: 30_000 }, (_, i) => `ann/${i}.jpg,${i},${commas.slice(3)}`).join('\n');
    expect(rows.length).toBeGreaterThan(2 ** 20);
    const list = await read(rows);
    expect(list.size).toBe(30_000);
    for (const row of [0, 1023, 1024, 29_999]) expect(list.get(`ann/${row}.jpg`)).toEqual([row, ...points.slice(1)]);
  });

  test.each([
    ['a number too few', 'ann/1.jpg,1,2,3', 'got 3', 0],
    ['two numbers too many', `ann/1.jpg,${commas},1,2`, 'got 12', 0],
    ['a word among numbers', `ann/1.jpg,${commas}\nann/2.jpg,1,2,3,4,x,6,7,8,9,10`, '"x" is no number', 43],
    ['infinity', `ann/1.jpg,${commas.replace('10', '1e999')}`, '"1e999" is no number', 0],
    ['a photo with two faces', `ann/1.jpg,${commas}\nann/1.jpg,${commas}`, 'two rows', 43],
    ['no path', `,${commas}`, 'begin with a path', 0],
    ['an open quote', `"ann/1.jpg,${commas}`, 'end with a quote', 0],
    ['a row without end', 'a'.repeat(9000), 'at most 8192 bytes', 0],
    ['bytes that are not UTF-8', Buffer.from(`ann/\xe9.jpg,${commas}`, 'latin1'), 'a path must be UTF-8', 0],
  ])('with %s is refused, with the byte', async (_, text, message, offset) => {
    const failure = await read(text).catch((error) => error);
    expect(failure).toMatchObject({ code: 'FormatInvalid', data: { file: 'landmarks.csv', offset } });
    expect(failure.message).toContain(message);
  });
});

describe('landmarks beside a photo', () => {
  const nested = [
    [1, 2],
    [3, 4],
    [5, 6],
    [7, 8],
    [9, 10],
  ];
  test('are five points; other keys are passed over', () => {
    const bytes = Buffer.from(JSON.stringify({ box: [1], landmarks: nested }));
    expect(readSidecar('ann/1.json', bytes)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  test.each([
    ['no JSON', '{'],
    ['null', 'null'],
    ['no landmarks', '{}'],
    ['four points', JSON.stringify({ landmarks: nested.slice(1) })],
    ['a point in space', JSON.stringify({ landmarks: [[1, 2, 3], ...nested.slice(1)] })],
    ['text for a number', JSON.stringify({ landmarks: [['1', 2], ...nested.slice(1)] })],
    ['brackets without end', '['.repeat(500_000)],
    ['over a megabyte', ' '.repeat(2 ** 20 + 1)],
  ])('with %s are refused', (_, text) => {
    expect(() => readSidecar('ann/1.json', Buffer.from(text))).toThrowError(
      expect.objectContaining({ code: 'FormatInvalid' }),
    );
  });
});

/** A source of files in memory. */
const sourceOf = (files: Record<string, string>): Source => ({
  name: 'photos',
  files: Object.keys(files)
    .sort()
    .map((path) => ({ path, bytes: (files[path] as string).length })),
  read: async ({ path }, from, length) => Buffer.from(files[path] as string).subarray(from, from + length),
});

const listed = async (source: Source, named = 'auto') => {
  const { format, unused } = await landmarkedPhotos(source, named);
  const entries: Record<string, unknown> = {};
  for await (const entry of format.list(source))
    entries[format.nameOf(source, entry.place)] = 'fault' in entry ? entry.fault : entry.landmarks;
  return { entries, unused };
};

describe('photos with landmarks', () => {
  const json = JSON.stringify({ landmarks: Array.from({ length: 5 }, (_, i) => [points[2 * i], points[2 * i + 1]]) });

  test('take them from landmarks.csv, and say which rows have no photo', async () => {
    const source = sourceOf({
      'ann/1.jpg': 'x',
      'ann/2.jpg': 'x',
      'landmarks.csv': `ann/1.jpg,${commas}\ncy/9.jpg,${commas}`,
    });
    expect(await listed(source)).toEqual({
      entries: { 'ann/1.jpg': points, 'ann/2.jpg': 'has no landmarks' },
      unused: ['cy/9.jpg'],
    });
  });

  test('take them from the list that is named', async () => {
    const source = sourceOf({ 'ann/1.jpg': 'x', 'lists/five.txt': `ann/1.jpg ${points.join(' ')}` });
    expect((await listed(source, 'lists/five.txt')).entries).toEqual({ 'ann/1.jpg': points });
    await expect(listed(source, '../five.txt')).rejects.toMatchObject({ code: 'LandmarksNotFound' });
  });

  test('take them from the JSON beside each', async () => {
    const source = sourceOf({
      ...{ 'ann/1.jpg': 'x', 'ann/1.json': json, 'ann/2.jpg': 'x', 'ann/2.json': '{}', 'ann/3.png': 'x' },
      'ann/4.json': json,
    });
    expect((await listed(source)).entries).toEqual({
      'ann/1.jpg': points,
      'ann/2.jpg': expect.stringContaining('has landmarks that cannot be read: ann/2.json'),
      'ann/3.png': 'has no landmarks',
      'ann/4.json': 'is no JPEG, PNG or WebP by its name',
    });
  });
});
