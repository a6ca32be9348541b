import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodeSafetensors } from '../../formats/safetensors.ts';
import { nearestTars, templateMetrics, templateRows } from '../../metrics/templates.ts';
import { protocolScores } from './protocol-scores.ts';

const fixture = decodeSafetensors(
  readFileSync(new URL('../fixtures/protocols/templates.safetensors', import.meta.url)),
);

describe('templates', () => {
  it('are the mean over a media, summed over media, of length one', () => {
    const { rows, rowOf } = templateRows({
      ...{ size: 2, embeddings: Float32Array.from([3, 0, 1, 2, 0, 4, 5, 0, 0, 7]) },
      template: Int32Array.from([9, 9, 9, 4, 4]),
      media: Int32Array.from([1, 1, 2, 1, 3]),
    });
    expect([...rowOf]).toEqual([
      [4, 0],
      [9, 1],
    ]);
    // Template 9: the mean of (3, 0) and (1, 2), and (0, 4) beside it: (2, 5). Template 4: (5, 7).
    const unit = (x: number, y: number): number[] => [x / Math.hypot(x, y), y / Math.hypot(x, y)].map(Math.fround);
    expect([...rows]).toEqual([...unit(5, 7), ...unit(2, 5)]);
  });

  it('weigh each face by its score where scores are given', () => {
    const { rows } = templateRows({
      ...{ size: 2, embeddings: Float32Array.from([1, 0, 0, 1]), weight: Float32Array.from([0.75, 1]) },
      ...{ template: Int32Array.from([1, 1]), media: Int32Array.from([1, 1]) },
    });
    expect((rows[0] as number) / (rows[1] as number)).toBeCloseTo(0.75, 6);
  });
});

describe('TAR at the nearest FAR', () => {
  it('is what a Python implementation of roc_curve gives for 1,000 sets, to the last digit', () => {
    const wanted = fixture.tar?.data as Float64Array;
    const found = Array.from({ length: 1000 }, (_, s) => {
      const { distance, same } = protocolScores(s);
      return nearestTars({ similarity: distance.map((d) => -d), same }).flatMap(({ tar, farReached }) => [
        tar,
        farReached,
      ]);
    }).flat();
    expect(found.length).toBe(wanted.length);
    expect(found.findIndex((value, i) => value !== wanted[i])).toBe(-1);
  }, 30_000);

  it('may lie above the rate that was asked for', () => {
    const similarity = Float32Array.from([0.9, 0.8, 0.7, 0.6, 0.5]);
    const found = templateMetrics([['ijbc', { similarity, same: Uint8Array.from([1, 0, 1, 0, 1]) }]], 'rgb');
    expect(found.sets.ijbc).toMatchObject({ pairs: 5, same: 3 });
    // FAR 0, 0.5 or 1: 0 is nearest to 0.1, with one of three accepted.
    expect(found.sets.ijbc?.tar.at(-1)).toEqual({ far: 0.1, tar: 1 / 3, farReached: 0 });
  });
});
