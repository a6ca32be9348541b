import { describe, expect, it } from 'vitest';
import { Centers } from '../../metrics/centers.ts';
import { cosineOfDistance, privacyMetrics } from '../../metrics/privacy.ts';

const found = {
  identity: Int32Array.of(0, 1, 2, 3),
  nearest: Int32Array.of(0, 7, 2, 9),
  similarity: Float32Array.of(0.5, 0.25, 0.75, 0.5),
};
const options = { set: 'lfw', distance: 1, realIdentities: 10, fromInquiries: true };

describe('privacyMetrics', () => {
  it('counts identities and images strictly above the cosine of the threshold', () => {
    const metrics = privacyMetrics(found, Float32Array.of(0.5, 0.625, -1, 1, 0.25), options);
    expect(metrics).toMatchObject({
      ...{ kind: 'privacy', set: 'lfw', threshold: 0.5, realIdentities: 10 },
      identities: { count: 1, share: 0.25, total: 4 },
      images: { count: 2, share: 0.4, total: 5 },
      ...{ mean: 0.5, highest: 0.75 },
      perIdentity: { identities: [0, 1, 2, 3], nearest: [0, 7, 2, 9], similarity: [0.5, 0.25, 0.75, 0.5] },
    });
    expect(metrics.histogram.counts.reduce((a, b) => a + b)).toBe(4);
  });

  it('tells apart whose nearest is the inquiry that they were made from, where real people are the inquiries', () => {
    const images = Float32Array.of(0);
    expect(privacyMetrics(found, images, options).ownInquiry).toEqual({ nearest: 2, above: 1 });
    expect(privacyMetrics(found, images, { ...options, fromInquiries: false }).ownInquiry).toBeUndefined();
  });

  it('takes the threshold as a squared distance of unit vectors', () => {
    const [a, b] = [
      [0.6, 0.8],
      [1, 0],
    ] as const;
    const distance = (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2;
    expect(cosineOfDistance(distance)).toBeCloseTo(a[0] * b[0] + a[1] * b[1], 12);
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
