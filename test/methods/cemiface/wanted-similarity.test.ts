import { describe, expect, it } from 'vitest';
import { similarityOf, type WantedSimilarity } from '../../../methods/cemiface/generate/wanted-similarity.ts';
import { countsOf, unevenness } from '../../helpers/chi-square.ts';

const drawn = (m: WantedSimilarity, identities: number, images: number, seed = 1): number[] =>
  Array.from({ length: identities * images }, (_, k) =>
    similarityOf(m, { seed, identity: Math.floor(k / images), image: k % images }),
  );

describe('the wanted m of an image', () => {
  it('is the one value of a set, and the column of a grid', () => {
    expect(new Set(drawn(0.3, 3, 5))).toEqual(new Set([0.3]));
    expect(drawn([-1, 0, 1], 2, 3)).toEqual([-1, 0, 1, -1, 0, 1]);
  });

  it('among several values is each in turn within a subject, with equal shares', () => {
    const values = [0, 0.5, 0.9];
    for (const identity of [0, 1, 2, 7]) {
      const own = Array.from({ length: 6 }, (_, image) =>
        similarityOf({ among: values }, { seed: 1, identity, image }),
      );
      for (const value of values) expect(own.filter((m) => m === value)).toHaveLength(2);
      expect(own.slice(3)).toEqual(own.slice(0, 3));
    }
  });

  it('among several values has equal shares of the set where subjects have fewer images', () => {
    const all = drawn({ among: [0, 1] }, 10, 1);
    expect(all.filter((m) => m === 0)).toHaveLength(5);
  });

  it('from an interval is uniform in it, and stays in it', () => {
    const all = drawn({ lowest: -0.1, highest: 0.3 }, 100, 50);
    const places = all.map((m) => Math.floor(((m + 0.1) / 0.4) * 10));
    expect(Math.min(...places)).toBe(0);
    expect(Math.max(...places)).toBe(9);
    expect(unevenness(countsOf(places, 10))).toBeLessThan(1);
    expect(new Set(drawn({ lowest: 0.2, highest: 0.2 }, 2, 5))).toEqual(new Set([0.2]));
  });

  it('from an interval is another for each image, subject and seed, and stays as a set grows', () => {
    const m = { lowest: -1, highest: 1 };
    const all = [...drawn(m, 4, 4), ...drawn(m, 4, 4, 2)];
    expect(new Set(all).size).toBe(32);
    const larger = drawn(m, 6, 9);
    const kept = drawn(m, 4, 4).map((_, k) => larger[Math.floor(k / 4) * 9 + (k % 4)]);
    expect(kept).toEqual(drawn(m, 4, 4));
  });
});
