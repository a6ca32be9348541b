import { describe, expect, it } from 'vitest';
import { Remembered, remembering } from '../../activities/evaluate-privacy/remembered.ts';
import { digestOf } from '../../core/digest.ts';
import type { Images } from '../../data/images.ts';

/** Counts how often something is made. */
const counting = () => {
  const made: string[] = [];
  const make =
    (name: string, floats = 4) =>
    async (): Promise<Float32Array> => {
      made.push(name);
      return new Float32Array(floats);
    };
  return { made, make };
};

describe('Remembered', () => {
  it('makes what it has once, and drops what was not used for longest', async () => {
    const { made, make } = counting();
    const remembered = new Remembered(32);
    const a = await remembered.get('a', make('a'));
    await remembered.get('b', make('b'));
    expect(await remembered.get('a', make('a'))).toBe(a);
    await remembered.get('c', make('c'));
    await remembered.get('a', make('a'));
    await remembered.get('b', make('b'));
    expect(made).toEqual(['a', 'b', 'c', 'b']);
  });

  it('does not keep what is larger than its limit, nor what could not be made', async () => {
    const { made, make } = counting();
    const remembered = new Remembered(32);
    for (let time = 0; time < 2; time++) await remembered.get('large', make('large', 9));
    await expect(remembered.get('bad', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await remembered.get('bad', make('bad'));
    await remembered.get('bad', make('bad'));
    expect(made).toEqual(['large', 'large', 'bad']);
  });
});

describe('remembering', () => {
  const set = { count: 3 } as Images;
  const input = {} as never;

  it('tells apart sets, rows, and what embeds; and asks the embedder for what has no name', async () => {
    let calls = 0;
    const embedder = {
      size: 1,
      embed: async (_set: Images, _input: unknown, { rows = new Int32Array(3) } = {}) => {
        calls += 1;
        return Float32Array.from(rows);
      },
    };
    const remembered = new Remembered(1000);
    const named = (space: string, name: string) =>
      remembering(embedder, remembered, { space, sets: new Map([[set, digestOf(name)]]) });
    const rows = (...of: number[]) => ({ rows: Int32Array.from(of) });
    const asked = async (work: () => Promise<Float32Array>): Promise<[number[], number]> => {
      const before = calls;
      const found = await work();
      return [[...found], calls - before];
    };
    const a = named('net', 'a');
    expect(await asked(() => a.embed(set, input, rows(0, 1)))).toEqual([[0, 1], 1]);
    expect(await asked(() => named('net', 'a').embed(set, input, rows(0, 1)))).toEqual([[0, 1], 0]);
    expect(await asked(() => a.embed(set, input, rows(1, 0)))).toEqual([[1, 0], 1]);
    expect(await asked(() => named('net', 'b').embed(set, input, rows(0, 1)))).toEqual([[0, 1], 1]);
    expect(await asked(() => named('other', 'a').embed(set, input, rows(0, 1)))).toEqual([[0, 1], 1]);
    const other = { count: 3 } as Images;
    for (let time = 0; time < 2; time++) expect((await asked(() => a.embed(other, input, rows(0, 1))))[1]).toBe(1);
  });
});
