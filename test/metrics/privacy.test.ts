import { describe, expect, it } from 'vitest';
import { randomStream } from '../../core/random.ts';
import { Centers } from '../../metrics/centers.ts';
import { type PrivacyOptions, privacyMetrics, type Searches, searchThreshold } from '../../metrics/privacy.ts';
import { proportionOf } from '../../metrics/proportions.ts';

const options: PrivacyOptions = {
  ...{ fpir: 0.25, realIdentities: 10, imagesPerIdentity: 2, fromInquiries: true, trainedOnGallery: false },
};

/** Searches of identities `first`, `first` + `step`, … with the same number of images each. */
const searched = (
  similarity: readonly number[],
  images: readonly number[],
  { first = 0, step = 1, nearest = similarity.map(() => 0) } = {},
): Searches => {
  const identity = similarity.map((_, k) => first + k * step);
  const each = images.length / similarity.length;
  return {
    identities: {
      identity: Int32Array.from(identity),
      nearest: Int32Array.from(nearest),
      similarity: Float32Array.from(similarity),
    },
    images: {
      identity: Int32Array.from(images, (_, row) => identity[Math.floor(row / each)] as number),
      similarity: Float32Array.from(images),
    },
  };
};

// The first, third, fifth and seventh stranger set the threshold. One of their cosines 0.5, 0.25, 0.75, 0.125 may be above it: it
// is 0.5. Of the others' 0.625, 0.5, -0.5, 0 one is above. Of the images, 0.25, 0.5, 0, 0.375, 0.625, 0.125, 0, 0 set a threshold
// of 0.375, which two of eight exceed, and so do two of the others' 1, 0.375, 0, 0, 0.5, 0, 0.375, 0.25.
const strangers = searched(
  [0.5, 0.625, 0.25, 0.5, 0.75, -0.5, 0.125, 0],
  [0.25, 0.5, 1, 0.375, 0, 0.375, 0, 0, 0.625, 0.125, 0.5, 0, 0, 0, 0.375, 0.25],
  { first: 30, step: 10 },
);
const generated = searched([0.5, 0.25, 0.75, 0.5], [0.5, 0.375, 0.25, 0, 0.625, 0.75, 0, 0.25], {
  nearest: [0, 7, 2, 9],
});

describe('privacyMetrics', () => {
  const metrics = privacyMetrics({ generated, strangers }, options);

  it('takes the threshold of every second stranger, and counts what is strictly above it, by hand', () => {
    expect(metrics).toMatchObject({
      ...{ kind: 'privacy', fpir: 0.25, realIdentities: 10, imagesPerIdentity: 2, trainedOnGallery: false },
      identities: {
        threshold: 0.5,
        calibration: { count: 1, total: 4 },
        strangers: { count: 1, total: 4, share: 0.25 },
        generated: { count: 1, total: 4, share: 0.25 },
        mean: { generated: 0.5, strangers: 0.15625 },
      },
      perIdentity: { identities: [0, 1, 2, 3], nearest: [0, 7, 2, 9], similarity: [0.5, 0.25, 0.75, 0.5] },
    });
    expect(metrics.identities.strangers).toEqual(proportionOf(1, 4));
    expect(metrics.identities.generated).toEqual(proportionOf(1, 4));
  });

  it('searches images with a threshold of their own, each stranger’s images in one half', () => {
    expect(metrics.images).toMatchObject({
      threshold: 0.375,
      calibration: { count: 2, total: 8 },
      strangers: { count: 2, total: 8, share: 0.25 },
      generated: { count: 3, total: 8, share: 0.375 },
      mean: { generated: 0.34375, strangers: 0.3125 },
    });
    // Of the generated: shares 1/2, 0, 1, 0 with p = 3/8: squares 11/16, Var(p) = 11/192, p (1 − p) / Var(p) = 45/11, at least 4.
    const effective = 45 / 11;
    const scale = 1 + 1.959963984540054 ** 2 / effective;
    const middle = (0.375 + 1.959963984540054 ** 2 / (2 * effective)) / scale;
    expect((metrics.images.generated.lowest + metrics.images.generated.highest) / 2).toBeCloseTo(middle, 12);
  });

  it('says what the difference is, and whether its interval shows one', () => {
    const { value, lowest, highest, conclusion } = metrics.identities.difference;
    expect([value, conclusion]).toEqual([0, 'undecided']);
    expect(lowest).toBeCloseTo(-highest, 12);
    const many = (above: number) => {
      const cosines = Array.from({ length: 60 }, (_, k) => (k < above ? 0.9 : 0.1));
      return privacyMetrics({ generated: searched(cosines, cosines), strangers }, options).identities.difference;
    };
    expect(many(60)).toMatchObject({ value: 0.75, conclusion: 'nearer' });
    expect(many(60).lowest).toBeGreaterThan(0);
    expect(many(15)).toMatchObject({ value: 0, conclusion: 'undecided' });
    const crowd = searched(
      Array.from({ length: 80 }, (_, k) => (k % 4 < 2 ? 0.9 : 0)),
      new Array(80).fill(0),
    );
    const far = privacyMetrics(
      { generated: searched([0, 0, 0, 0, 0, 0, 0, 0, 0], new Array(9).fill(0)), strangers: crowd },
      {
        ...options,
        fpir: 0.5,
      },
    );
    // Two equal cosines in the threshold's place: none of the half that set it is strictly above.
    expect(far.identities.threshold).toBe(0);
    expect(far.identities.difference).toMatchObject({ value: -0.5, conclusion: 'farther' });
  });

  it('counts strangers who did not set the threshold beside the generated identities in the histogram', () => {
    const sum = (counts: readonly number[]) => counts.reduce((a, b) => a + b);
    expect([sum(metrics.histogram.counts), sum(metrics.histogram.strangers)]).toEqual([4, 4]);
    // Bins of 0.025 from −1 on: −0.5 is in bin 20, and 0.75 of the other half is nowhere.
    expect([metrics.histogram.strangers[20], metrics.histogram.strangers[70], metrics.histogram.counts[70]]).toEqual([
      1, 0, 1,
    ]);
  });

  it('tells apart whose nearest is the inquiry that they were made from, beside what chance gives', () => {
    expect(metrics.ownInquiry).toEqual({ nearest: proportionOf(2, 4), chance: 0.1, above: 1 });
    const others = privacyMetrics({ generated, strangers }, { ...options, fromInquiries: false });
    expect(others.ownInquiry).toBeUndefined();
  });

  it('takes a probe for none at the threshold itself', () => {
    const at = searched([0.5, 0.5, 0.5, 0.5], [0.375, 0.375, 0.375, 0.375]);
    const found = privacyMetrics({ generated: at, strangers }, options);
    expect([found.identities.generated.count, found.images.generated.count]).toEqual([0, 0]);
  });

  it.each([
    [0.01, 200],
    [0.07, 30],
    [0.25, 8],
    [0.3, 8],
    [0.5, 4],
  ])('at a rate of %d takes at least %i strangers', (fpir, needed) => {
    const run = (count: number) => {
      const cosines = Array.from({ length: count }, (_, k) => k / count);
      return privacyMetrics({ generated, strangers: searched(cosines, cosines) }, { ...options, fpir });
    };
    expect(run(needed).identities.calibration.count).toBeGreaterThanOrEqual(1);
    expect(() => run(needed - 1)).toThrow(
      expect.objectContaining({ code: 'TooFewStrangers', data: { needed, strangers: needed - 1, fpir } }),
    );
  });
});

describe('searchThreshold', () => {
  const ranks = (n: number): Float32Array => Float32Array.from({ length: n }, (_, i) => ((i * 37) % n) / n);

  it.each([
    [100, 0.01, 1],
    [100, 0.29, 29],
    [150, 0.01, 1],
    [199, 0.01, 1],
    [200, 0.01, 2],
    [500, 0.01, 5],
    [10, 0.5, 5],
  ])('lets of %i searches at a rate of %d exactly %i be above', (n, fpir, allowed) => {
    const cosines = ranks(n);
    const threshold = searchThreshold(cosines, fpir);
    expect(cosines.filter((cosine) => cosine > threshold)).toHaveLength(allowed);
  });

  it('sorts by value, not as text, and leaves its input as it is', () => {
    const cosines = Float32Array.of(-0.5, 0.25, -0.25, 0.5);
    expect(searchThreshold(cosines, 0.5)).toBe(-0.25);
    expect([...cosines]).toEqual([-0.5, 0.25, -0.25, 0.5]);
  });
});

describe('people of one distribution', () => {
  const size = 16;
  const normal = (uniform: () => number): number =>
    Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  const gallery = (() => {
    const uniform = randomStream(1, 'gallery');
    return Array.from({ length: 50 }, () => unit(Array.from({ length: size }, () => normal(uniform))));
  })();
  function unit(values: readonly number[]): number[] {
    const length = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
    return values.map((value) => value / length);
  }
  const nearestOf = (probe: readonly number[]): number =>
    Math.max(...gallery.map((person) => person.reduce((sum, value, k) => sum + value * (probe[k] as number), 0)));
  const people = (count: number, seed: number, centerOf?: (k: number) => readonly number[]): Searches => {
    const uniform = randomStream(seed, 'people');
    const rows = Array.from({ length: count }, (_, k) => {
      const center = centerOf?.(k) ?? unit(Array.from({ length: size }, () => normal(uniform)));
      const images = [0, 1, 2, 3].map(() => unit(center.map((value) => value + 0.03 * normal(uniform))));
      return {
        mean: unit(center.map((_, k2) => images.reduce((sum, image) => sum + (image[k2] as number), 0))),
        images,
      };
    });
    return searched(
      rows.map(({ mean }) => nearestOf(mean)),
      rows.flatMap(({ images }) => images.map(nearestOf)),
    );
  };
  const search = (generated: Searches) =>
    privacyMetrics({ generated, strangers: people(4000, 2) }, { ...options, fpir: 0.05, realIdentities: 50 });

  it('exceed the threshold at about the stated rate, singly too, and no difference is shown', () => {
    const { identities, images } = search(people(4000, 3));
    for (const { strangers: others, generated: drawn, difference } of [identities, images]) {
      for (const rate of [others, drawn]) expect(Math.abs(rate.share - 0.05)).toBeLessThan(0.015);
      expect(difference.conclusion).toBe('undecided');
    }
  });

  it('are covered by the interval of their images in about 95 of 100 draws, though images of one person are alike', () => {
    const { threshold, generated: many } = search(people(12_000, 4)).images;
    const draws = Array.from({ length: 60 }, (_, draw) => people(200, 100 + draw));
    const held = draws.filter((drawn) => {
      const { images } = privacyMetrics({ generated: drawn, strangers: flat(threshold) }, options);
      expect(images.threshold).toBe(threshold);
      return images.generated.lowest <= many.share && many.share <= images.generated.highest;
    });
    expect(held.length).toBeGreaterThanOrEqual(54);
  });

  /** Strangers whose threshold is the given one. */
  function flat(threshold: number): Searches {
    const cosines = Array.from({ length: 8 }, () => threshold);
    return searched(cosines, cosines);
  }

  it('are all above where they are copies of people of the gallery', () => {
    const { identities, images } = search(people(50, 7, (k) => gallery[k] as number[]));
    expect([identities.generated.share, images.generated.share]).toEqual([1, 1]);
    expect([identities.difference.conclusion, images.difference.conclusion]).toEqual(['nearer', 'nearer']);
  });
});

describe('Centers', () => {
  it('gives the unit mean of each class, however the rows are cut into blocks', () => {
    const labels = Int32Array.of(1, 0, 1, 1);
    const rows = [
      [1, 0],
      [0, 1],
      [0, 1],
      [1, 0],
    ];
    const whole = new Centers(2, 2);
    whole.add(labels, [0, 1, 2, 3], Float32Array.from(rows.flat()));
    const blocks = new Centers(2, 2);
    blocks.add(labels, [0], Float32Array.from(rows.slice(0, 1).flat()));
    blocks.add(labels, [1, 2, 3], Float32Array.from(rows.slice(1).flat()));
    expect(blocks.unit()).toEqual(whole.unit());
    expect([...whole.unit()]).toEqual([0, 1, 2 / Math.sqrt(5), 1 / Math.sqrt(5)].map(Math.fround));
  });
});
