import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodeSafetensors } from '../../formats/safetensors.ts';
import { nearestTars, Templates, templateMetrics } from '../../metrics/templates.ts';
import { protocolScores } from './protocol-scores.ts';

const fixture = decodeSafetensors(
  readFileSync(new URL('../fixtures/protocols/templates.safetensors', import.meta.url)),
);

describe('templates', () => {
  it('are the mean over a media, summed over media, of length one, in whatever blocks faces come', () => {
    const faces = { template: Int32Array.from([9, 9, 9, 4, 4]), media: Int32Array.from([1, 1, 2, 1, 3]) };
    const templates = new Templates(faces, 2);
    templates.add(0, Float32Array.from([3, 0]));
    templates.add(1, Float32Array.from([1, 2, 0, 4, 5, 0]));
    templates.add(4, Float32Array.from([0, 7]));
    expect([...templates.rowOf]).toEqual([
      [4, 0],
      [9, 1],
    ]);
    // Template 9: the mean of (3, 0) and (1, 2), and (0, 4) beside it: (2, 5). Template 4: (5, 7).
    const rows = templates.unit();
    const wanted = [5 / Math.hypot(5, 7), 7 / Math.hypot(5, 7), 2 / Math.hypot(2, 5), 5 / Math.hypot(2, 5)];
    for (const [i, value] of wanted.entries()) expect(rows[i]).toBeCloseTo(value, 6);
  });

  it('weigh each face by its score where scores are given', () => {
    const [template, media] = [Int32Array.from([1, 1]), Int32Array.from([1, 1])];
    const templates = new Templates({ template, media, weight: Float32Array.from([0.75, 1]) }, 2);
    templates.add(0, Float32Array.from([1, 0, 0, 1]));
    const [x, y] = templates.unit() as unknown as [number, number];
    expect(x / y).toBeCloseTo(0.75, 6);
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
