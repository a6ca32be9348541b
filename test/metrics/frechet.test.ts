import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fitGaussian, frechetDistance } from '../../metrics/frechet.ts';

type Drawn = [count: number, seed: number, mean: number, scale: number];

interface Case {
  readonly name: string;
  readonly size: number;
  readonly first: Drawn;
  readonly second: Drawn;
  readonly distance: number;
  readonly ofMeans: number;
  readonly ofCovariances: number;
}

const golden = JSON.parse(readFileSync(new URL('../golden/frechet.json', import.meta.url), 'utf8')) as Case[];

/** The formula of `test/golden/frechet.py`: 48271 · 2³¹ is below 2⁵³, so that every state is exact. */
const rows = ([count, seed, mean, scale]: Drawn, size: number): Float32Array => {
  let state = seed;
  let last = 0;
  return Float32Array.from({ length: count * size }, (_, i) => {
    if (i % size === 0) last = 0;
    state = (state * 48271) % 2147483647;
    last = 0.5 * last + state / 2147483647 - 0.5;
    return mean + scale * last * (1 + ((i % size) % 3));
  });
};

const between = (a: Float32Array, b: Float32Array, size: number) =>
  frechetDistance(fitGaussian(a, size), fitGaussian(b, size));

describe('the Fréchet distance', () => {
  it.each(golden)('is that of scipy: $name', ({ size, first, second, ...wanted }) => {
    const found = between(rows(first, size), rows(second, size), size);
    expect(found.ofMeans).toBeCloseTo(wanted.ofMeans, 11);
    // The root of an eigenvalue that is 0 but for rounding, 1e-17, is 3e-9: there are many where images are fewer than numbers.
    expect(found.ofCovariances).toBeCloseTo(wanted.ofCovariances, first[0] > size ? 9 : 6);
    expect(found.distance).toBe(found.ofMeans + found.ofCovariances);
  });

  it('of two numbers that vary alike is the squared distance of their means', () => {
    const [a, b] = [Float32Array.of(0, 2, 4), Float32Array.of(3, 5, 7)];
    expect(between(a, b, 1)).toEqual({ distance: 9, ofMeans: 9, ofCovariances: 0 });
    // Deviations 2 and 4: (2 − 4)², with covariances divided by N − 1.
    expect(between(a, Float32Array.of(-2, 2, 6), 1).distance).toBeCloseTo(4, 12);
  });

  it('is nothing between a set and itself, never less, and the same both ways', () => {
    const [a, b] = [rows([40, 3, 0, 1], 8), rows([40, 4, 0, 1], 8)];
    const none = between(a, a, 8);
    expect(none.ofMeans).toBe(0);
    expect(none.ofCovariances).toBeGreaterThanOrEqual(0);
    expect(none.ofCovariances).toBeLessThan(1e-12);
    expect(between(a, b, 8).distance).toBeCloseTo(between(b, a, 8).distance, 11);
  });

  it('has the very digits that an audit on another machine must find', () => {
    const { size, first, second } = golden[1] as Case;
    expect(between(rows(first, size), rows(second, size), size).distance).toBe(0.20247750289719144);
  });
});

describe('a Gaussian', () => {
  it('has the mean and the unbiased covariance of its rows', () => {
    const { count, mean, covariance } = fitGaussian(Float32Array.of(1, 0, 2, 2, 3, 4), 2);
    expect([count, [...mean], [...covariance]]).toEqual([3, [2, 2], [1, 2, 2, 4]]);
  });
});
