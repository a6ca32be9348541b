import { describe, expect, it } from 'vitest';
import { normalStream, randomStream } from '../../core/random.ts';
import { unitRows } from '../../metrics/centers.ts';
import { searchCosines } from '../../nn/cosine-search.ts';
import { tf } from '../../nn/tf.ts';

const size = 6;
const rows = (count: number, seed: number): Float32Array => {
  const normal = normalStream(randomStream(seed, 'cosines'));
  return unitRows(Float32Array.from({ length: count * size }, normal), size);
};
const cosine = (a: Float32Array, i: number, b: Float32Array, k: number): number => {
  let sum = 0;
  for (let d = 0; d < size; d++) sum += (a[i * size + d] as number) * (b[k * size + d] as number);
  return sum;
};

describe('searchCosines', () => {
  it.each([false, true])(
    'finds the highest, counts and lists what is above; of the same rows each pair once: %s',
    (same) => {
      const left = rows(40, 1);
      const right = same ? left : rows(30, 2);
      const [threshold, floor] = [0.5, 0.7];
      const before = tf.memory().numTensors;
      const found = searchCosines(left, right, size, { threshold, floor, most: 5, same });
      expect(tf.memory().numTensors).toBe(before);
      const pairs = Array.from({ length: 40 }, (_, row) =>
        Array.from({ length: right.length / size }, (_, column) => ({
          row,
          column,
          cosine: cosine(left, row, right, column),
        })),
      )
        .flat()
        .filter(({ row, column }) => !same || column > row);
      for (const [side, axis] of [
        [found.rows, 'row'],
        [found.columns, 'column'],
      ] as const)
        for (const [i, value] of side.cosine.entries()) {
          const own = pairs.filter((pair) => pair[axis] === i).sort((a, b) => b.cosine - a.cosine);
          expect(value).toBeCloseTo(own[0]?.cosine ?? -2, 5);
          if (own[0]) expect(side.at[i]).toBe(own[0][axis === 'row' ? 'column' : 'row']);
          expect(side.above[i]).toBe(own.filter((pair) => pair.cosine > threshold).length);
        }
      const best = pairs.filter((pair) => pair.cosine > floor).sort((a, b) => b.cosine - a.cosine);
      expect(best.length).toBeGreaterThan(5);
      expect(found.pairs.map(({ row, column }) => [row, column])).toEqual(
        best.slice(0, 5).map(({ row, column }) => [row, column]),
      );
    },
  );

  it('lists no pair at or below the floor, and equal ones in order', () => {
    const left = Float32Array.of(1, 0, 1, 0);
    const { pairs } = searchCosines(left, Float32Array.of(1, 0, 0, 1), 2, {
      threshold: 0,
      floor: 0,
      most: 9,
      same: false,
    });
    expect(pairs).toEqual([
      { row: 0, column: 0, cosine: 1 },
      { row: 1, column: 0, cosine: 1 },
    ]);
  });
});
