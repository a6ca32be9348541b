import { describe, expect, it } from 'vitest';
import { randomStream } from '../../core/random.ts';
import { pairedBootstrap, type ScoredTwice } from '../../metrics/paired-bootstrap.ts';
import { judgements, type PairScores, verify } from '../../metrics/verification.ts';

/** Pairs of which two recognizers judge some rightly; the distances are 0.5 and 3, so that thresholds are never in doubt. */
const scored = (first: ArrayLike<number>, second: ArrayLike<number>, folds = 10): ScoredTwice => {
  const count = first.length;
  const same = Uint8Array.from({ length: count }, (_, i) => i % 2);
  const fold = Int32Array.from({ length: count }, (_, i) => Math.floor((i * folds) / count));
  const of = (right: ArrayLike<number>): PairScores => ({
    distance: Float32Array.from(same, (s, i) => ((s === 1) === (right[i] === 1) ? 0.5 : 3)),
    same,
    fold,
  });
  return [of(first), of(second)];
};

/** `count` pairs that are hard for both by chance; the first is right more often by `gain`. */
const drawn = (count: number, gain: number, seed: number): ScoredTwice => {
  const uniform = randomStream(seed, 'pairs');
  const hardness = Array.from({ length: count }, () => [uniform(), uniform()] as const);
  const rightly = (rate: number) => hardness.map(([shared, own]) => Number(shared < 0.8 || own < rate));
  return scored(rightly(0.3 + 5 * gain), rightly(0.3));
};

describe('paired bootstrap', () => {
  it('finds the difference of the accuracies, mean over sets', () => {
    const sets = [drawn(400, 0.05, 1), drawn(600, 0.02, 2)];
    const wanted = sets.map(([a, b]) => verify(a).accuracy - verify(b).accuracy);
    const { difference, pairs } = pairedBootstrap(sets, 1, { resamples: 10 });
    expect(difference).toBeCloseTo(((wanted[0] as number) + (wanted[1] as number)) / 2, 12);
    expect(pairs).toBe(1000);
  });

  it('counts folds alike where their sizes differ, as accuracy does', () => {
    const [first, second] = drawn(120, 0.05, 6);
    const fold = Int32Array.from({ length: 120 }, (_, i) => (i < 80 ? 0 : i < 110 ? 1 : 2));
    const [a, b] = [
      { ...first, fold },
      { ...second, fold },
    ];
    const right = (scores: PairScores): number => judgements(scores).reduce((sum, each) => sum + each, 0);
    const { difference } = pairedBootstrap([[a, b]], 1, { resamples: 10 });
    expect(difference).toBeCloseTo(verify(a).accuracy - verify(b).accuracy, 12);
    expect(difference).not.toBeCloseTo((right(a) - right(b)) / 120, 3);
  });

  it('has the interval of the normal law where pairs are many', () => {
    const set = drawn(4000, 0.05, 3);
    const gains = [...judgements(set[0])].map((right, i) => right - (judgements(set[1])[i] as number));
    const center = gains.reduce((a, b) => a + b) / gains.length;
    const error = Math.sqrt(gains.reduce((sum, gain) => sum + (gain - center) ** 2, 0)) / gains.length;
    const { lowest, highest, level } = pairedBootstrap([set], 5, { resamples: 4000 });
    expect(level).toBe(0.95);
    // The end of an interval of 4000 resamples has a standard error of 2 %.
    expect(Math.abs((center - lowest) / error - 1.96)).toBeLessThan(0.15);
    expect(Math.abs((highest - center) / error - 1.96)).toBeLessThan(0.15);
    // Two sets of independent draws are sure to half the variance.
    const both = pairedBootstrap([set, set], 5, { resamples: 4000 });
    expect((both.highest - both.lowest) / (highest - lowest)).toBeCloseTo(Math.SQRT1_2, 1);
  });

  it('covers the true difference about as often as it says', () => {
    // The first is right in 1 − 0.2 · 0.45 of all pairs, the second in 1 − 0.2 · 0.7.
    let covered = 0;
    for (let trial = 0; trial < 200; trial++) {
      const { lowest, highest } = pairedBootstrap([drawn(300, 0.05, 100 + trial)], trial, { resamples: 300 });
      if (lowest <= 0.05 && highest >= 0.05) covered++;
    }
    // 190 are expected; the standard error is 3.
    expect(covered).toBeGreaterThan(175);
    expect(covered).toBeLessThan(200);
  });

  it('is a function of its seed; exchanging the two mirrors it; none against itself is 0', () => {
    const set = drawn(200, 0.05, 4);
    const of = (seed: number, sets: readonly ScoredTwice[] = [set]) => pairedBootstrap(sets, seed, { resamples: 500 });
    expect(of(1)).toEqual(of(1));
    expect(of(1).lowest).not.toBe(of(2).lowest);
    const mirrored = of(1, [[set[1], set[0]]]);
    expect(mirrored.lowest).toBeCloseTo(-of(1).highest, 12);
    expect(mirrored.highest).toBeCloseTo(-of(1).lowest, 12);
    expect(of(1, [[set[0], set[0]]])).toMatchObject({ difference: 0, lowest: 0, highest: 0 });
  });

  it('refuses scores of other pairs', () => {
    const [a, b] = drawn(40, 0.05, 5);
    const other = { ...b, same: b.same.map((s) => 1 - s) };
    const folded = { ...b, fold: b.fold.map((f) => 9 - f) };
    for (const second of [other, folded, drawn(60, 0, 1)[1]]) {
      expect(() =>
        pairedBootstrap(
          [
            [a, b],
            [a, second],
          ],
          1,
        ),
      ).toThrow(expect.objectContaining({ code: 'PairsDiffer', data: { set: 1 } }));
    }
  });
});
