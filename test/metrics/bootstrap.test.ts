import { describe, expect, it } from 'vitest';
import { randomStream } from '../../core/random.ts';
import { pairedBootstrap, type ScoredSets } from '../../metrics/bootstrap/index.ts';
import { judgements, type PairScores, verify } from '../../metrics/verification.ts';

/** Pairs that a recognizer judges rightly or not; the distances are 0.5 and 3, so that thresholds are never in doubt. */
const scored = (right: ArrayLike<number>, folds = 10): PairScores => {
  const count = right.length;
  const same = Uint8Array.from({ length: count }, (_, i) => i % 2);
  const fold = Int32Array.from({ length: count }, (_, i) => Math.floor((i * folds) / count));
  return { same, fold, distance: Float32Array.from(same, (s, i) => ((s === 1) === (right[i] === 1) ? 0.5 : 3)) };
};

/** One recognizer for each rate. A pair that is hard, as one in five is, is hard for all; of these each judges its rate rightly. */
const drawn = (count: number, rates: readonly number[], seed: number): PairScores[] => {
  const uniform = randomStream(seed, 'pairs');
  const hardness = Array.from({ length: count }, () => [uniform(), uniform()] as const);
  return rates.map((rate) => scored(hardness.map(([shared, own]) => Number(shared < 0.8 || own < rate))));
};

/** Two, of which the first is right more often by `gain`. */
const two = (count: number, gain: number, seed: number): PairScores[] => drawn(count, [0.3 + 5 * gain, 0.3], seed);

/** Single runs on sets `a`, `b`, …, each a list of all recognizers' scores. */
const on = (...sets: readonly (readonly PairScores[])[]): ScoredSets[][] =>
  (sets[0] as readonly PairScores[]).map((_, i) => [
    Object.fromEntries(sets.map((set, s) => [String.fromCharCode(97 + s), set[i] as PairScores])),
  ]);

const compare = (recognizers: readonly (readonly ScoredSets[])[], seed: number, resamples: number) =>
  pairedBootstrap(recognizers, seed, { resamples });

const width = ({ lowest, highest }: { lowest: number; highest: number }): number => highest - lowest;

describe('paired bootstrap', () => {
  it('finds the difference of the accuracies, mean over sets', () => {
    const sets = [two(400, 0.05, 1), two(600, 0.02, 2)];
    const wanted = sets.map(([a, b]) => verify(a as PairScores).accuracy - verify(b as PairScores).accuracy);
    const found = compare(on(...sets), 1, 10);
    expect(found.between(0, 1).difference).toBeCloseTo(((wanted[0] as number) + (wanted[1] as number)) / 2, 12);
    expect(found).toMatchObject({ pairs: 1000, level: 0.95, resamples: 10 });
  });

  it('counts folds alike where their sizes differ, as accuracy does', () => {
    const fold = Int32Array.from({ length: 120 }, (_, i) => (i < 80 ? 0 : i < 110 ? 1 : 2));
    const [a, b] = two(120, 0.05, 6).map((scores) => ({ ...scores, fold })) as [PairScores, PairScores];
    const right = (scores: PairScores): number => judgements(scores).reduce((sum, each) => sum + each, 0);
    const { difference, alone } = compare(on([a, b]), 1, 4000).between(0, 1);
    expect(difference).toBeCloseTo(verify(a).accuracy - verify(b).accuracy, 12);
    expect(difference).not.toBeCloseTo((right(a) - right(b)) / 120, 3);
    expect((alone.lowest + alone.highest) / 2).toBeCloseTo(difference, 2);
  });

  it('has the interval of the normal law where pairs are many', () => {
    const set = two(4000, 0.05, 3);
    const [a, b] = set.map(judgements) as [Uint8Array, Uint8Array];
    const gains = [...a].map((right, i) => right - (b[i] as number));
    const center = gains.reduce((sum, gain) => sum + gain) / gains.length;
    const error = Math.sqrt(gains.reduce((sum, gain) => sum + (gain - center) ** 2, 0)) / gains.length;
    const { alone, together } = compare(on(set), 5, 4000).between(0, 1);
    // The end of an interval of 4000 resamples has a standard error of 2 %. Of two recognizers, both intervals are the same.
    for (const { lowest, highest } of [alone, together]) {
      expect(Math.abs((center - lowest) / error - 1.96)).toBeLessThan(0.15);
      expect(Math.abs((highest - center) / error - 1.96)).toBeLessThan(0.15);
    }
    // Two sets of independent draws are sure to half the variance.
    const both = compare(on(set, set), 5, 4000).between(0, 1);
    expect(width(both.alone) / width(alone)).toBeCloseTo(Math.SQRT1_2, 1);
  });

  it('covers the true difference about as often as it says', () => {
    // The first is right in 1 − 0.2 · 0.45 of all pairs, the second in 1 − 0.2 · 0.7.
    let covered = 0;
    for (let trial = 0; trial < 200; trial++) {
      const { lowest, highest } = compare(on(two(300, 0.05, 100 + trial)), trial, 300).between(0, 1).alone;
      if (lowest <= 0.05 && highest >= 0.05) covered++;
    }
    // 190 are expected; the standard error is 3.
    expect(covered).toBeGreaterThan(175);
    expect(covered).toBeLessThan(200);
  });

  it('covers the differences of all pairs of recognizers together about as often as it says, and singly less often', () => {
    // Five that are equally good: each is right in half of its own hard pairs.
    const five = (trial: number): PairScores[] => {
      const uniform = randomStream(trial, 'five');
      const hard = Array.from({ length: 300 }, () => uniform() < 0.4);
      return Array.from({ length: 5 }, () => scored(hard.map((is) => Number(!is || uniform() < 0.5))));
    };
    const misses = { alone: 0, together: 0 };
    for (let trial = 0; trial < 200; trial++) {
      const { between } = compare(on(five(trial)), trial, 400);
      const pairs = [0, 1, 2, 3, 4].flatMap((i) => [0, 1, 2, 3, 4].slice(0, i).map((j) => between(i, j)));
      for (const kind of ['alone', 'together'] as const)
        if (pairs.some((pair) => pair[kind].lowest > 0 || pair[kind].highest < 0)) misses[kind]++;
    }
    // 10 of 200 are expected, with a standard error of 3; singly, one of ten pairs is off in about 55.
    expect(misses.together).toBeLessThan(20);
    expect(misses.together).toBeGreaterThan(2);
    expect(misses.alone).toBeGreaterThan(35);
  });

  it('is as wide for all pairs together as the studentized range of normal values', () => {
    // Four recognizers whose errors are independent: q(0.95; 4, ∞) / √2 = 2.569 standard errors (Tukey), against 1.960.
    const uniform = randomStream(1, 'tukey');
    const four = Array.from({ length: 4 }, () => scored(Array.from({ length: 4000 }, () => Number(uniform() < 0.8))));
    const { alone, together } = compare(on(four), 3, 6000).between(1, 3);
    expect(width(together) / width(alone)).toBeGreaterThan(1.26);
    expect(width(together) / width(alone)).toBeLessThan(1.36);
    expect((together.lowest + together.highest) / 2).toBeCloseTo(compare(on(four), 3, 10).between(1, 3).difference, 12);
  });

  it('averages the runs of a recognizer, pair by pair', () => {
    const [a, b, c] = drawn(400, [0.8, 0.6, 0.3], 7) as [PairScores, PairScores, PairScores];
    const runs = [[{ set: a }, { set: b }], [{ set: c }]];
    const { difference } = compare(runs, 1, 10).between(0, 1);
    const [x, y, z] = [a, b, c].map((scores) => verify(scores).accuracy) as [number, number, number];
    expect(difference).toBeCloseTo((x + y) / 2 - z, 12);
    // A recognizer twice is that recognizer.
    expect(compare([[{ set: a }, { set: a }], [{ set: c }]], 1, 100).between(0, 1)).toEqual(
      compare([[{ set: a }], [{ set: c }]], 1, 100).between(0, 1),
    );
  });

  it('is a function of its seed; exchanging two mirrors it; none against itself is 0', () => {
    const set = two(200, 0.05, 4);
    const of = (seed: number) => compare(on(set), seed, 500);
    expect(of(1).between(0, 1)).toEqual(of(1).between(0, 1));
    expect(of(1).between(0, 1).alone.lowest).not.toBe(of(2).between(0, 1).alone.lowest);
    const [found, mirrored] = [of(1).between(0, 1), of(1).between(1, 0)];
    for (const kind of ['alone', 'together'] as const) {
      expect(mirrored[kind].lowest).toBeCloseTo(-found[kind].highest, 12);
      expect(mirrored[kind].highest).toBeCloseTo(-found[kind].lowest, 12);
    }
    const none = { lowest: 0, highest: 0 };
    const itself = compare(on([set[0] as PairScores, set[0] as PairScores]), 1, 100).between(0, 1);
    expect(itself).toEqual({ difference: 0, alone: none, together: none, p: 1 });
  });

  it('takes all recognizers on the same draw: what both judge alike leaves no trace', () => {
    const set = two(300, 0.05, 8) as [PairScores, PairScores];
    const third = drawn(300, [0.9], 9)[0] as PairScores;
    // With a third beside them, the two are compared as before, but for which draws they get.
    const [alone, beside] = [compare(on(set), 1, 4000), compare(on([...set, third]), 1, 4000)].map(
      ({ between }) => between(0, 1).alone,
    ) as [{ lowest: number; highest: number }, { lowest: number; highest: number }];
    expect(Math.abs(width(beside) / width(alone) - 1)).toBeLessThan(0.1);
  });

  it('adds what other trainings would bring: alike for a row with one, and by the root of how many there are', () => {
    // Runs of two rates: trainings differ by far more than pairs do.
    const [a, b, c, d] = drawn(2000, [0.9, 0.5, 0.7, 0.7], 12) as [PairScores, PairScores, PairScores, PairScores];
    const found = compare([[{ set: a }, { set: b }], [{ set: c }], [{ set: d }]], 1, 4000);
    const accuracies = [a, b].map((scores) => verify(scores).accuracy) as [number, number];
    const std = Math.abs(accuracies[0] - accuracies[1]) / Math.SQRT2;
    expect(found.training?.std).toBeCloseTo(std, 12);
    expect(found.training?.degrees).toBe(1);
    expect(found.estimates.map((estimate) => estimate.std)).toEqual([expect.closeTo(std, 12), undefined, undefined]);
    // One degree of freedom: Student's t has 12.7 standard errors at 95 %. The two single ones differ by √2 deviations, pairs aside.
    const { alone } = found.between(1, 2);
    expect(width(alone) / 2 / (12.7 * std * Math.SQRT2)).toBeGreaterThan(0.8);
    expect(width(alone) / 2 / (12.7 * std * Math.SQRT2)).toBeLessThan(1.2);
    expect(width(found.between(0, 1).alone)).toBeLessThan(width(alone));
    expect(compare([[{ set: c }], [{ set: d }]], 1, 10).training).toBeUndefined();
  });

  it('covers the true difference about as often as it says where trainings vary, and p is below 0.05 as rarely', () => {
    const uniform = randomStream(4, 'trainings of the test');
    const trained = (pairs: readonly (readonly [number, number])[]): ScoredSets => {
      const rate = 0.6 + 0.1 * (uniform() + uniform() + uniform() - 1.5);
      return { set: scored(pairs.map(([shared]) => Number(shared < 0.3 || uniform() < rate))) };
    };
    let [covered, significant] = [0, 0];
    for (let trial = 0; trial < 200; trial++) {
      const pairs = Array.from({ length: 400 }, () => [uniform(), uniform()] as const);
      const three = () => [trained(pairs), trained(pairs), trained(pairs)];
      const { alone, p } = compare([three(), three()], trial, 300).between(0, 1);
      if (alone.lowest <= 0 && alone.highest >= 0) covered++;
      if (p < 0.05) significant++;
    }
    // 190 and 10 are expected, with a standard error of 3; pairs and trainings together are a little on the safe side.
    expect(covered).toBeGreaterThan(182);
    expect(significant).toBeLessThan(18);
    expect(significant).toBeGreaterThan(0);
  });

  it('widens where folds differ by more than pairs do', () => {
    // The first is right in all pairs of half of the folds and wrong in the others, the second the other way round.
    const half = (first: number): PairScores =>
      scored(Array.from({ length: 400 }, (_, i) => Number((Math.floor(i / 40) + first) % 2 === 0 || i % 4 === 0)));
    const found = compare(on([half(0), half(1)]), 1, 4000);
    expect(found.designEffect).toBeGreaterThan(20);
    // Ten folds, each off by 3/4 one way or the other: the error of their mean is 0.75 / √9.
    expect(width(found.between(0, 1).alone) / 2 / (1.96 * 0.25)).toBeGreaterThan(0.9);
    expect(width(found.between(0, 1).alone) / 2 / (1.96 * 0.25)).toBeLessThan(1.1);
  });

  it('has for each accuracy the interval of a share', () => {
    const uniform = randomStream(2, 'share');
    const found = compare(on([scored(Array.from({ length: 4000 }, () => Number(uniform() < 0.8)))]), 3, 4000);
    const [{ mean, lowest, highest }] = found.estimates as [(typeof found.estimates)[number]];
    const error = Math.sqrt((mean * (1 - mean)) / 4000);
    expect((highest - lowest) / 2 / error).toBeGreaterThan(1.86);
    expect((highest - lowest) / 2 / error).toBeLessThan(2.06);
    expect((highest + lowest) / 2).toBeCloseTo(mean, 2);
  });

  it('refuses scores of other pairs, and of other sets', () => {
    const [a, b] = two(40, 0.05, 5) as [PairScores, PairScores];
    const other = { ...b, same: b.same.map((s) => 1 - s) };
    const folded = { ...b, fold: b.fold.map((f) => 9 - f) };
    for (const second of [other, folded, two(60, 0, 1)[1] as PairScores])
      expect(() => compare([[{ lfw: a, calfw: a }], [{ lfw: b, calfw: second }]], 1, 10)).toThrow(
        expect.objectContaining({ code: 'PairsDiffer', data: { set: 'calfw' } }),
      );
    expect(() => compare([[{ lfw: a }], [{ lfw: b, calfw: b }]], 1, 10)).toThrow(
      expect.objectContaining({ code: 'PairsDiffer', data: { sets: ['lfw'] } }),
    );
  });
});
