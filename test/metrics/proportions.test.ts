import { describe, expect, it } from 'vitest';
import { clusteredProportion, differenceOf, proportionOf } from '../../metrics/proportions.ts';

const ends = ({ lowest, highest }: { lowest: number; highest: number }): number[] => [lowest, highest];
const near = (found: readonly number[], expected: readonly number[], digits: number): void => {
  for (const [i, each] of expected.entries()) expect(found[i]).toBeCloseTo(each, digits);
};

describe('proportionOf', () => {
  // Newcombe (1998), Interval estimation for the single proportion, table I, method 3.
  it.each([
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ])('gives of %i in %i the interval that Newcombe publishes', (count, total, lowest, highest) => {
    const found = proportionOf(count, total);
    expect(found).toMatchObject({ count, total, share: count / total });
    near(ends(found), [lowest, highest], 4);
  });

  it('ends at 0 of none and at 1 of all', () => {
    expect(proportionOf(0, 7).lowest).toBe(0);
    expect(proportionOf(7, 7).highest).toBe(1);
    expect(proportionOf(7, 7).lowest).toBeCloseTo(1 - proportionOf(0, 7).highest, 12);
  });
});

describe('differenceOf', () => {
  // Newcombe (1998), Interval estimation for the difference between independent proportions, table II, method 10.
  it.each([
    [56, 70, 48, 80, 0.0524, 0.3339],
    [9, 10, 3, 10, 0.1705, 0.809],
    [6, 7, 2, 7, 0.0582, 0.8062],
    [5, 56, 0, 29, -0.0381, 0.1926],
    [0, 10, 0, 20, -0.1611, 0.2775],
    [10, 10, 0, 20, 0.6791, 1],
  ])('gives of %i/%i − %i/%i the interval that Newcombe publishes', (a, m, b, n, lowest, highest) => {
    const found = differenceOf(proportionOf(a, m), proportionOf(b, n));
    expect(found.value).toBeCloseTo(a / m - b / n, 12);
    near(ends(found), [lowest, highest], 4);
  });
});

describe('clusteredProportion', () => {
  it('counts as independent what scatters as independent trials do, by hand', () => {
    // Shares 0, 1/2, 1/2, 1: p = 1/2, squares 1/2, Var(p) = (1/2) / (4 · 3) = 1/24, p (1 − p) / Var(p) = 6.
    const found = clusteredProportion([0, 1, 1, 2], 2);
    expect(found).toMatchObject({ count: 4, total: 8, share: 0.5 });
    near(ends(found), ends(proportionOf(3, 6)), 12);
  });

  it('counts clusters where all trials of a cluster are alike, and trials where clusters do not differ', () => {
    near(ends(clusteredProportion([5, 0, 0, 5], 5)), ends(proportionOf(2, 4)), 12);
    near(ends(clusteredProportion([2, 2, 2], 4)), ends(proportionOf(6, 12)), 12);
  });

  it('counts clusters where none, all, or one is known', () => {
    near(ends(clusteredProportion([0, 0, 0], 8)), ends(proportionOf(0, 3)), 12);
    near(ends(clusteredProportion([8, 8, 8], 8)), ends(proportionOf(3, 3)), 12);
    // Wilson's interval of p = 1/2 and n = 1.
    near(ends(clusteredProportion([4], 8)), [0.05462, 0.94538], 5);
  });
});
