import { describe, expect, it } from 'vitest';
import { ratioOf, spreadOf } from '../../bench/statistics.ts';

describe('a spread', () => {
  it('has the quantiles of NumPy', () => {
    // numpy.quantile([7, 1, 3, 10], [0.25, 0.5, 0.75])
    expect(spreadOf([7, 1, 3, 10])).toEqual({ median: 5, min: 1, max: 10, quartiles: [2.5, 7.75] });
    expect(spreadOf([5, 1, 3]).median).toBe(3);
    expect(spreadOf([2])).toEqual({ median: 2, min: 2, max: 2, quartiles: [2, 2] });
  });

  it('orders numbers as numbers, and leaves its input as it was', () => {
    const values = [10, 9, 100];
    expect(spreadOf(values)).toMatchObject({ min: 9, median: 10, max: 100 });
    expect(values).toEqual([10, 9, 100]);
  });

  it('of nothing is an error', () => {
    expect(() => spreadOf([])).toThrow(RangeError);
  });
});

describe('a ratio', () => {
  it('is above 1 where ours is the faster, by medians and by rounds', () => {
    expect(ratioOf([1, 2, 4], [3, 4, 4])).toEqual({ ofMedians: 2, perRound: 2 });
  });

  it('by rounds is not moved by a slow round that both shared', () => {
    const { ofMedians, perRound } = ratioOf([1, 10, 10], [2, 2, 20]);
    expect(ofMedians).toBe(0.2);
    expect(perRound).toBe(2);
  });

  it('needs as many rounds of both', () => {
    expect(() => ratioOf([1, 2], [1])).toThrow(RangeError);
  });
});
