import { describe, expect, it } from 'vitest';
import { readFaceList, readFacePoints, readTemplatePairs } from '../../formats/ijb/index.ts';
import { inMemory } from '../../formats/source.ts';

const file = (text: string) => inMemory('meta/list.txt', Buffer.from(text));

describe('lists of IJB-B and IJB-C', () => {
  it('name the template and the media of each face', async () => {
    const found = await readFaceList(file('1.jpg 1 69544\n2.jpg 1 69544\r\nv/3.jpg 22 7'));
    expect(found.names).toEqual(['1.jpg', '2.jpg', 'v/3.jpg']);
    expect([[...found.template], [...found.media]]).toEqual([
      [1, 1, 22],
      [69544, 69544, 7],
    ]);
  });

  it('name pairs of templates', async () => {
    const found = await readTemplatePairs(file('1 22 1\n1 3 0\n'));
    expect([[...found.left], [...found.right], [...found.same]]).toEqual([
      [1, 1],
      [22, 3],
      [1, 0],
    ]);
  });

  it('give five points and a score of each face', async () => {
    const { points, score, names } = await readFacePoints(file('1.jpg 40.5 50 70.25 51 56 72 42 92 70 92.5 9.9e-1\n'));
    expect(names).toEqual(['1.jpg']);
    expect([...points]).toEqual([40.5, 50, 70.25, 51, 56, 72, 42, 92, 70, 92.5]);
    expect(score[0]).toBe(Math.fround(0.99));
  });

  it.each([
    ['a field too few', readFaceList, '1.jpg 1 2\n\n2.jpg 1\n', 3, 11],
    ['a template that is no number', readFaceList, '1.jpg one 2\n', 1, 0],
    ['a number that no int32 holds', readTemplatePairs, '1 2 0\n1 4294967296 0\n', 2, 6],
    ['a label that is neither 0 nor 1', readTemplatePairs, '1 2 2\n', 1, 0],
    ['a path that leads out', readFaceList, '../1.jpg 1 2\n', 1, 0],
    ['a coordinate that is no number', readFacePoints, '1.jpg 0x1 50 70 51 56 72 42 92 70 92 1\n', 1, 0],
    ['a coordinate that is not finite', readFacePoints, '1.jpg 1e99 50 70 51 56 72 42 92 70 92 1\n', 1, 0],
    ['an empty list', readTemplatePairs, '\n', 1, 0],
  ] as const)('with %s are refused by line and byte', async (_, read, text, line, offset) => {
    await expect((read as (f: ReturnType<typeof file>) => Promise<unknown>)(file(text))).rejects.toMatchObject({
      code: 'FormatInvalid',
      message: expect.stringMatching(new RegExp(`^meta/list\\.txt: line ${line}: `)),
      data: { offset },
    });
  });
});
