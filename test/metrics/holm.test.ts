import { expect, it } from 'vitest';
import { holm } from '../../metrics/holm.ts';

it('multiplies the smallest by their number, the next by one less, and lets none fall below one before it', () => {
  expect(holm([0.01, 0.04, 0.03, 0.005]).map((p) => Number(p.toFixed(4)))).toEqual([0.03, 0.06, 0.06, 0.02]);
  expect(holm([0.5, 0.6])).toEqual([1, 1]);
  expect(holm([0.2])).toEqual([0.2]);
  expect(holm([])).toEqual([]);
});
