import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../core/random.ts';
import { dcfaceSamples, type SubjectLists, subjectLists } from '../../../methods/dcface/pairs.ts';
import type { DrawnSample } from '../../../training/diffusion/method.ts';
import { countsOf, unevenness } from '../../helpers/chi-square.ts';

const options = { outliers: 0.1, identityImages: 4 };

/** A table of embeddings on the circle: images at angle ± a of one another lie to their centre at cosine cos(a). */
const circle = (angles: readonly number[]) => ({
  size: 2,
  at: (row: number, mirrored = false): Float32Array => {
    const angle = angles[row] as number;
    return Float32Array.of(Math.cos(angle), Math.sin(angle) * (mirrored ? -1 : 1));
  },
});

/** Subject 0 has pairs of rows at ± each angle, so that its centre lies at angle 0. Subject 1 has one image, subject 2 one such pair. */
const angles = [0.5, -0.5, 0.1, -0.1, 0.8, -0.8, 0.3, -0.3, 1.2, -1.2, 2, 0.4, -0.4];
const subjects = Int32Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 2]);
const table = circle(angles);
const lists = (more: Partial<typeof options> = {}): SubjectLists =>
  subjectLists(subjects, 3, table, { ...options, ...more });

describe('the lists of a subject', () => {
  it('leave out the images at or below the 0.1 quantile of the cosines to the centre, as NumPy computes it', () => {
    // Of seven images the quantile has place 0.6, between the lowest two.
    const own = [0, 0.2, -0.2, 0.4, -0.4, 0.9, -1];
    const { isInlier, inliers } = subjectLists(new Int32Array(7), 1, circle(own), options);
    expect([...isInlier]).toEqual([1, 1, 1, 1, 1, 1, 0]);
    expect([...(inliers[0] as Int32Array)]).toEqual([0, 1, 2, 3, 4, 5]);
    // Of 21 images the quantile is the third lowest value itself (place 0.1 × 20 = 2), and what equals it is left out.
    const many = Array.from({ length: 21 }, (_, i) => (i - 10) / 20);
    const away = subjectLists(new Int32Array(21), 1, circle([...many.slice(0, 20), 0.7]), options);
    const cosines = cosinesOf([...many.slice(0, 20), 0.7]);
    const third = [...cosines].sort((a, b) => a - b)[2] as number;
    expect([...away.isInlier]).toEqual(cosines.map((cosine) => Number(cosine > third)));
    expect(away.isInlier.reduce((sum, each) => sum + each, 0)).toBe(18);
  });

  it('keep all images where none is to be left out, or all are equally near', () => {
    expect([...lists({ outliers: 0 }).isInlier]).toEqual(Array(13).fill(1));
    // Subject 1 has one image and subject 2 two at equal distance: no cosine is above the quantile.
    expect([...lists().isInlier.subarray(10)]).toEqual([1, 1, 1]);
    expect(
      lists()
        .inliers.slice(1)
        .map((rows) => [...rows]),
    ).toEqual([[10], [11, 12]]);
  });

  it('name the four images nearest to the centre, nearest first', () => {
    const { nearest } = lists();
    expect(new Set(nearest[0]?.subarray(0, 2))).toEqual(new Set([2, 3]));
    expect(new Set(nearest[0]?.subarray(2))).toEqual(new Set([6, 7]));
    expect(nearest.slice(1).map((rows) => [...rows].sort())).toEqual([[10], [11, 12]]);
    expect(lists({ identityImages: 2 }).nearest[0]).toHaveLength(2);
  });

  it('are empty for a subject without images', () => {
    const { inliers, nearest } = subjectLists(Int32Array.of(1), 2, table, options);
    expect([inliers[0], nearest[0]]).toEqual([new Int32Array(0), new Int32Array(0)]);
    expect([inliers[1], nearest[1]]).toEqual([Int32Array.of(0), Int32Array.of(0)]);
  });
});

describe('the samples of DCFace', () => {
  const drawn = (row: number, { flip = true, count = 4000, seed = 7 } = {}): DrawnSample[] => {
    const { draw } = dcfaceSamples(subjects, lists(), table, flip);
    const uniform = randomStream(seed, 'pairs');
    return Array.from({ length: count }, () => draw(row, uniform));
  };
  const rowsOf = ({ images }: DrawnSample): number[] => images.map(({ row }) => row);
  const mirroredOf = ({ images }: DrawnSample): boolean[] => images.map(({ mirrored }) => mirrored);

  it('are an inlier itself and another of the nearest, each of them equally often', () => {
    for (const target of [0, 2]) {
      const pairs = drawn(target).map(rowsOf);
      expect(new Set(pairs.map(([own]) => own))).toEqual(new Set([target]));
      const others = [2, 3, 6, 7].filter((row) => row !== target);
      const places = pairs.map(([, identity]) => others.indexOf(identity as number));
      expect(Math.min(...places)).toBe(0);
      expect(unevenness(countsOf(places, others.length))).toBeLessThan(1);
    }
  });

  it('show an inlier of the same subject in place of an outlier, each equally often', () => {
    const { isInlier, inliers } = lists();
    const outlier = isInlier.indexOf(0);
    expect(outlier).toBeGreaterThanOrEqual(8);
    const kept = [...(inliers[0] as Int32Array)];
    const pairs = drawn(outlier).map(rowsOf);
    const places = pairs.map(([own]) => kept.indexOf(own as number));
    expect(Math.min(...places)).toBe(0);
    expect(unevenness(countsOf(places, kept.length))).toBeLessThan(1);
    expect(pairs.every(([own, identity]) => own !== identity)).toBe(true);
  });

  it('show the identity by the image itself only where the subject has no other', () => {
    expect(drawn(10, { count: 20 }).map(rowsOf)).toEqual(Array.from({ length: 20 }, () => [10, 10]));
    expect(drawn(11, { count: 20 }).map(rowsOf)).toEqual(Array.from({ length: 20 }, () => [11, 12]));
  });

  it('are the same for the same seed', () => {
    expect(drawn(0, { count: 50 })).toEqual(drawn(0, { count: 50 }));
    expect(drawn(0, { count: 50 })).not.toEqual(drawn(0, { count: 50, seed: 8 }));
  });

  it('mirror both images independently, half of the time, and hold the embeddings of the very images', () => {
    const all = drawn(0);
    const kinds = all.map((sample) => mirroredOf(sample).reduce((kind, each) => 2 * kind + Number(each), 0));
    expect(unevenness(countsOf(kinds, 4))).toBeLessThan(1);
    for (const { images, conditions } of all.slice(0, 50)) {
      const [own, identity] = images.map(({ row, mirrored }) => table.at(row, mirrored));
      expect(conditions).toEqual({ own, subject: identity });
    }
  });

  it('without flip are never mirrored, and otherwise the same', () => {
    for (const row of [0, lists().isInlier.indexOf(0)]) {
      const still = drawn(row, { flip: false, count: 100 });
      expect(still.flatMap(mirroredOf).some(Boolean)).toBe(false);
      expect(still.map(rowsOf)).toEqual(drawn(row, { count: 100 }).map(rowsOf));
    }
  });
});

/** Cosines to the mean of embeddings on the circle. */
const cosinesOf = (of: readonly number[]): number[] => {
  const centre = Math.atan2(sum(of.map(Math.sin)), sum(of.map(Math.cos)));
  return of.map((angle) => Math.cos(angle - centre));
};

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
