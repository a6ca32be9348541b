import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../core/random.ts';
import { cemifaceSamples } from '../../../methods/cemiface/samples.ts';
import { similarityGrid } from '../../../methods/cemiface/similarity-grid.ts';
import type { DrawnSample } from '../../../training/diffusion/method.ts';
import { countsOf, unevenness } from '../../helpers/chi-square.ts';

/** Embeddings that say whose they are: the image's row, negative for its mirror image. */
const table = { size: 2, at: (row: number, mirrored = false) => Float32Array.of(mirrored ? -row : row, 1) };

const drawn = (grid: Float32Array, { flip = true, count = 20_200 } = {}): DrawnSample[] => {
  const { draw } = cemifaceSamples(table, grid, flip);
  const uniform = randomStream(7, 'samples');
  return Array.from({ length: count }, (_, row) => draw(row + 1, uniform));
};
const mOf = ({ conditions }: DrawnSample): number => conditions.m?.[0] as number;
const mirroredOf = ({ images }: DrawnSample): boolean => images[0]?.mirrored as boolean;

describe('the samples of CemiFace', () => {
  it('have an m from the 101 values -1, -0.98 … 1, and each of them equally often', () => {
    const grid = similarityGrid(0.02);
    const values = drawn(grid).map(mOf);
    const places = values.map((m) => Math.round((m + 1) / 0.02));
    const away = values.map((m, i) => Math.abs(m - (-1 + 0.02 * (places[i] as number))));
    expect(Math.max(...away)).toBeLessThan(1e-6);
    const counts = countsOf(places, 101);
    expect(counts.every((count) => count > 0)).toBe(true);
    expect(unevenness(counts)).toBeLessThan(1);
  });

  it('have an m from the grid that is asked for', () => {
    const values = new Set(drawn(similarityGrid(0.25, 0, 1), { count: 500 }).map(mOf));
    expect([...values].sort((a, b) => a - b)).toEqual([0, 0.25, 0.5, 0.75, 1]);
    // The paper's interval of 0.06, from multiple to multiple: 0 is among them.
    const wide = [...new Set(drawn(similarityGrid(0.06, -0.96, 0.96), { count: 2000 }).map(mOf))].sort((a, b) => a - b);
    expect(wide).toHaveLength(33);
    wide.forEach((m, i) => {
      expect(m).toBeCloseTo(0.06 * (i - 16), 6);
    });
    expect(wide[16]).toBe(0);
    expect(new Set(drawn(similarityGrid(0.02, 0, 0), { count: 50 }).map(mOf))).toEqual(new Set([0]));
  });

  it('are one image each, mirrored half of the time, independently of m', () => {
    const all = drawn(similarityGrid(0.02));
    expect(all.map(({ images }) => images.map(({ row }) => row))).toEqual(all.map((_, i) => [i + 1]));
    const kinds = all.map((sample) => 2 * Number(mirroredOf(sample)) + Number(mOf(sample) > 0.005));
    const counts = countsOf(kinds, 4);
    expect(unevenness([counts[0], counts[2]].map(Number))).toBeLessThan(1);
    // 50 of the 101 values are above 0.005.
    expect((counts[3] as number) / ((counts[2] as number) + (counts[3] as number))).toBeCloseTo(50 / 101, 1);
  });

  it('have the embedding of the very image: of the mirror image where it is mirrored', () => {
    const all = drawn(similarityGrid(0.02), { count: 100 });
    for (const [i, sample] of all.entries()) {
      const row = i + 1;
      expect([...(sample.conditions.identity as Float32Array)]).toEqual([mirroredOf(sample) ? -row : row, 1]);
    }
    expect(new Set(all.map(mirroredOf))).toEqual(new Set([true, false]));
  });

  it('without flip are never mirrored, and have the same m', () => {
    const grid = similarityGrid(0.02);
    const still = drawn(grid, { flip: false, count: 100 });
    expect(still.some(mirroredOf)).toBe(false);
    expect(still.map(mOf)).toEqual(drawn(grid, { count: 100 }).map(mOf));
  });
});

describe('the grid of m', () => {
  it.each([
    [0.02, -1, 1, 101],
    [0.04, -1, 1, 51],
    [0.02, 0, 1, 51],
    [0.5, -0.25, 0.75, 3],
  ])('with interval %d from %d to %d has %d values, from end to end', (interval, lowest, highest, count) => {
    const grid = similarityGrid(interval, lowest, highest);
    expect(grid).toHaveLength(count);
    grid.forEach((m, i) => {
      expect(m).toBeCloseTo(lowest + i * interval, 6);
    });
  });

  it('refuses ends in the wrong order', () => {
    expect(() => similarityGrid(0.02, 1, 0)).toThrow(expect.objectContaining({ code: 'GridEmpty' }));
  });
});
