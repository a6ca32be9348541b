import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { contiguousFold } from '../../formats/pairs/index.ts';
import { decodeSafetensors } from '../../formats/safetensors.ts';
import { numpyMean, numpyStd } from '../../metrics/pairwise.ts';
import { mean } from '../../metrics/statistics.ts';
import { rocOf, sortPairs, type Tar, tarAt, tarOverFolds } from '../../metrics/tar.ts';
import {
  type OperatingPoints,
  type VerificationResult,
  verificationMetrics,
  verificationMetricsBefore2,
} from '../../metrics/verification.ts';
import { protocolScores } from './protocol-scores.ts';

const fixture = decodeSafetensors(
  readFileSync(new URL('../fixtures/protocols/verification.safetensors', import.meta.url)),
);
const sets = 1000;
/** As the fixture has it where a fold has no same or no different pair. */
const undefinedTar = { tar: -1, std: -1, farReached: -1, foldThresholds: new Array<number>(10).fill(-1) };

describe('InsightFace’s protocol', () => {
  it('gives what a Python implementation gives for 1,000 sets of random scores, to the last digit', () => {
    const summary = fixture.summary?.data as Float64Array;
    const digests = Buffer.from(fixture.digests?.data as Uint8Array);
    const width = summary.length / sets;
    const unlike: number[] = [];
    for (let s = 0; s < sets; s++) {
      const scores = protocolScores(s);
      const found = verificationMetrics([['set', scores, '']]).sets.set as VerificationResult & OperatingPoints;
      const [high, low] = found.tar as [Tar, Tar];
      const folded = found.tarOverFolds ?? undefinedTar;
      const numbers = [found.accuracy, found.std, found.threshold, folded.tar, folded.std, folded.farReached];
      numbers.push(high.tar, low.tar);
      if (numbers.some((value, i) => value !== summary[s * width + i])) unlike.push(s);
      const rest = [...found.foldAccuracies, ...found.foldThresholds, found.best.threshold, found.best.accuracy];
      rest.push(...folded.foldThresholds, high.farReached, high.threshold, low.farReached, low.threshold);
      const digest = createHash('sha256')
        .update(new Float64Array([...numbers, ...rest]))
        .update(scores.distance)
        .digest();
      if (!digest.subarray(0, 16).equals(digests.subarray(16 * s, 16 * (s + 1)))) unlike.push(s);
    }
    expect(unlike).toEqual([]);
    // The sets differ, and none is trivial.
    expect(new Set(summary).size).toBeGreaterThan(2000);
  }, 60_000);

  it('cuts folds as KFold does: 700 pairs each for CFP-FP, and the first ones larger where ten do not divide', () => {
    const folds = (pairs: number): number[] => Array.from({ length: pairs }, (_, i) => contiguousFold(i, pairs, 10));
    const sizes = (pairs: number): number[] => {
      const all = folds(pairs);
      return Array.from({ length: 10 }, (_, fold) => all.filter((each) => each === fold).length);
    };
    expect(sizes(6000)).toEqual(new Array(10).fill(600));
    expect(sizes(7000)).toEqual(new Array(10).fill(700));
    expect(sizes(23)).toEqual([3, 3, 3, 2, 2, 2, 2, 2, 2, 2]);
    expect(folds(12)).toEqual([0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });
});

describe('means as NumPy takes them', () => {
  it('add eight numbers side by side: another order gives another last digit', () => {
    const inverse = Array.from({ length: 1003 }, (_, i) => 1 / (1 + i));
    // numpy.mean and numpy.std of float64.
    expect(numpyMean(inverse)).toBe(0.00746606667449097);
    expect(numpyStd(inverse)).toBe(0.03979043027733854);
    expect(mean(inverse)).toBe(0.007466066674490968);
    expect(numpyStd(inverse.slice(0, 10))).toBe(0.26303654268773313);
  });
});

describe('TAR at FAR', () => {
  const pairs = (same: number[], different: number[]) =>
    sortPairs({
      distance: Float32Array.from([...same, ...different]),
      same: Uint8Array.from([...same.map(() => 1), ...different.map(() => 0)]),
    });

  it('accepts as many different pairs as the rate allows, and no more', () => {
    const thousand = Array.from({ length: 1000 }, (_, i) => 1 + i / 500);
    const found = tarAt(pairs([0.5, 1, 1.001, 2], thousand), 1e-3);
    // One of 1,000 may be accepted: the threshold is the second smallest distance.
    expect(found).toEqual({ far: 1e-3, tar: 0.75, farReached: 1e-3, threshold: Math.fround(1.002) });
  });

  it('accepts none of few pairs, and counts equal distances together', () => {
    expect(tarAt(pairs([0.5, 1], [1, 2]), 1e-3)).toEqual({ far: 1e-3, tar: 0.5, farReached: 0, threshold: 1 });
    expect(tarAt(pairs([0.5, 1], [1, 1, 2, 3]), 0.25)).toEqual({ far: 0.25, tar: 0.5, farReached: 0, threshold: 1 });
  });

  it('is left out where a fold has no different pair', () => {
    const scores = { distance: new Float32Array(4), same: Uint8Array.from([1, 0, 1, 1]) };
    expect(tarOverFolds({ ...scores, fold: Int32Array.from([0, 0, 1, 1]) }, 1e-3)).toBeUndefined();
  });
});

describe('ROC', () => {
  it('has the TAR at every FAR of a small set, from no false accept to all', () => {
    const { far, tar } = rocOf({
      same: Float32Array.from([0.5, 1.5, 2.5, 3.5]),
      different: Float32Array.from([1, 2, 2, 3]),
    });
    expect(far).toEqual([0, 0.25, 0.75, 1]);
    expect(tar).toEqual([0.25, 0.5, 0.75, 1]);
  });

  it('has few points for many pairs, each of them a TAR at that FAR', () => {
    const sorted = sortPairs(protocolScores(100));
    const { far, tar } = rocOf(sorted);
    expect(far.length).toBeGreaterThan(40);
    expect(far.length).toBeLessThan(100);
    far.slice(0, -1).forEach((rate, i) => {
      expect(tarAt(sorted, rate)).toMatchObject({ tar: tar[i], farReached: rate });
    });
    expect([...tar].sort((a, b) => a - b)).toEqual(tar);
  });
});

it('metrics from before version 2 are recomputed in their own order of adding', () => {
  const scores = protocolScores(3);
  const old = verificationMetricsBefore2([['set', scores, '']]);
  const { foldAccuracies = [], accuracy } = old.sets.set ?? {};
  expect(accuracy).toBe(foldAccuracies.reduce((sum, each) => sum + each, 0) / 10);
  expect(Object.keys(old.sets.set ?? {})).not.toContain('roc');
});
