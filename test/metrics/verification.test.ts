import { describe, expect, it } from 'vitest';
import { randomStream } from '../../core/random.ts';
import { type PairScores, pairDistances, thresholds, verify } from '../../metrics/verification.ts';

/** Another formulation: every fold judged anew from lists of pairs, thresholds tried one by one. */
const bruteForce = ({ distance, same, fold }: PairScores): number[] =>
  [...new Set(fold)]
    .sort((a, b) => a - b)
    .map((held) => {
      const pairs = [...distance].map((d, i) => ({ d, same: same[i] === 1, fold: fold[i] }));
      const accuracy = (which: typeof pairs, threshold: number): number =>
        which.filter((p) => p.d < threshold === p.same).length / which.length;
      let best = { threshold: 0, accuracy: -1 };
      for (let i = 0; i < 400; i++) {
        const found = accuracy(
          pairs.filter((p) => p.fold !== held),
          i * 0.01,
        );
        if (found > best.accuracy) best = { threshold: i * 0.01, accuracy: found };
      }
      return accuracy(
        pairs.filter((p) => p.fold === held),
        best.threshold,
      );
    });

const random = (pairs: number): PairScores => {
  const uniform = randomStream(2, 'pairs');
  const same = Uint8Array.from({ length: pairs }, (_, i) => (i % 10 < 5 ? 1 : 0));
  return {
    same,
    distance: Float32Array.from(same, (s) =>
      Math.min(4, Math.max(0, (s ? 1 : 1.7) + (uniform() + uniform() - 1) * 0.9)),
    ),
    fold: Int32Array.from(same, (_, i) => Math.floor((i * 10) / pairs)),
  };
};

describe('verification protocol', () => {
  it('agrees with a formulation by brute force, fold by fold', () => {
    const scores = random(400);
    const result = verify(scores);
    const wanted = bruteForce(scores);
    expect(result.foldAccuracies).toEqual(wanted);
    const mean = wanted.reduce((a, b) => a + b) / 10;
    expect(result.accuracy).toBeCloseTo(mean, 12);
    expect(result.std).toBeCloseTo(Math.sqrt(wanted.reduce((sum, a) => sum + (a - mean) ** 2, 0) / 10), 12);
    expect(result.pairs).toBe(400);
    expect(new Set(wanted).size).toBeGreaterThan(1);
  });

  it('chooses the threshold on the other folds, not on the fold that is judged', () => {
    // Fold 0 alone would be perfect at 3.5; the others are perfect at 1.
    const scores = {
      distance: Float32Array.from([3, 3.9, 0.5, 1.5, 0.5, 1.5]),
      same: Uint8Array.from([1, 0, 1, 0, 1, 0]),
      fold: Int32Array.from([0, 0, 1, 1, 2, 2]),
    };
    expect(verify(scores).foldAccuracies[0]).toBe(0.5);
  });

  it('takes the first of equally good thresholds, and judges strictly below it as the same', () => {
    const scores = {
      distance: Float32Array.from([0.5, 3, 0.5, 3]),
      same: Uint8Array.from([1, 0, 1, 0]),
      fold: Int32Array.from([0, 0, 1, 1]),
    };
    // 0.5 itself is not below 0.5, so 0.51 is the first that is right.
    expect(verify(scores).foldThresholds).toEqual([0.51, 0.51]);
    expect(verify(scores).accuracy).toBe(1);
  });

  it.each([
    ['a gap among the folds', [0, 0, 2, 2], 1],
    ['one fold alone', [0, 0, 0, 0], 1],
    ['no pairs', [], 1],
  ])('refuses %s', (_, folds, fold) => {
    const scores = {
      distance: new Float32Array(folds.length),
      same: new Uint8Array(folds.length),
      fold: Int32Array.from(folds),
    };
    expect(() => verify(scores)).toThrow(
      expect.objectContaining({ code: 'FoldEmpty', data: expect.objectContaining({ fold }) }),
    );
  });

  it('has thresholds 0, 0.01, … 3.99', () => {
    expect([thresholds[0], thresholds[1], thresholds.at(-1), thresholds.length]).toEqual([0, 0.01, 3.99, 400]);
  });

  it('measures squared Euclidean distance of rows', () => {
    const rows = Float32Array.from([1, 0, 0, 1, -1, 0]);
    const found = pairDistances(rows, 2, Int32Array.from([0, 0, 1]), Int32Array.from([1, 2, 1]));
    expect([...found]).toEqual([2, 4, 0]);
  });
});
