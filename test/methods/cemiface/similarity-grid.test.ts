import { describe, expect, it } from 'vitest';
import { similarityGrid } from '../../../methods/cemiface/similarity-grid.ts';

describe('the grid of m', () => {
  it.each([
    [0.02, -1, 1, 101],
    [0.04, -1, 1, 51],
    [0.06, -0.96, 0.96, 33],
    [0.02, 0, 1, 51],
    [0.02, 0.3, 0.3, 1],
    [0.1, -0.3, 0.6, 10],
  ])(
    'with interval %d from %d to %d holds both ends, 0 where it lies between, and equal steps',
    (interval, from, to, n) => {
      const grid = [...similarityGrid(interval, from, to)];
      expect(grid.length).toBe(n);
      expect([grid[0], grid.at(-1)]).toEqual([Math.fround(from), Math.fround(to)]);
      if (from <= 0 && to >= 0) expect(grid).toContain(0);
      for (let i = 1; i < n; i++) expect((grid[i] as number) - (grid[i - 1] as number)).toBeCloseTo(interval, 6);
    },
  );

  it.each([
    [0.3, -1, 1, 0.8, 'lowest and highest to -0.9 and 0.9'],
    [0.06, -1, 1, 0.98, 'lowest and highest to -0.96 and 0.96'],
    [0.5, 0, 0.7, 0.5, 'lowest and highest to 0 and 0.5'],
  ])('refuses interval %d from %d to %d, and says where it would end', (interval, lowest, highest, last, remedy) => {
    expect(() => similarityGrid(interval, lowest, highest)).toThrow(
      expect.objectContaining({
        code: 'GridUneven',
        message: expect.stringContaining(`the last m would be ${last}`),
        remedy: expect.stringContaining(remedy),
      }),
    );
  });

  it('refuses a lowest above the highest', () => {
    expect(() => similarityGrid(0.02, 0.5, 0)).toThrow(expect.objectContaining({ code: 'GridEmpty' }));
  });
});
