import { expect, it } from 'vitest';
import { randomStream } from '../../core/random.ts';
import { unitRows } from '../../metrics/centers.ts';
import { rowCosine } from '../../metrics/similarity.ts';
import { nearestRows } from '../../nn/nearest.ts';
import { tf } from '../../nn/tf.ts';

const size = 4;
const matrix = (rows: number, name: string): Float32Array => {
  const next = randomStream(7, name);
  return unitRows(
    Float32Array.from({ length: rows * size }, () => next() - 0.5),
    size,
  );
};

it('finds the nearest of all rows, over several blocks on both sides, and keeps no tensors', () => {
  const [left, right] = [matrix(4100, 'left'), matrix(8200, 'right')];
  const before = tf.memory().numTensors;
  const { row, cosine } = nearestRows(left, right, size);
  expect(tf.memory().numTensors).toBe(before);
  // The last rows lie in blocks of their own.
  for (const at of [0, 1, 2000, 4095, 4096, 4099]) {
    const all = Array.from({ length: 8200 }, (_, other) => rowCosine(left, at, right, other, size));
    const highest = Math.max(...all);
    expect(cosine[at]).toBeCloseTo(highest, 5);
    expect(all[row[at] as number]).toBeCloseTo(highest, 5);
  }
  expect(Math.max(...row)).toBeGreaterThan(8191);
});

it('takes the first of equally near rows, also where they lie in different blocks', () => {
  const right = new Float32Array(5000 * size);
  for (let r = 0; r < 5000; r++) right[r * size] = 1;
  expect(nearestRows(Float32Array.of(1, 0, 0, 0), right, size).row[0]).toBe(0);
});
