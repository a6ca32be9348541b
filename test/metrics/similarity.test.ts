import { describe, expect, it } from 'vitest';
import { similarityGroups, similarityStatistics } from '../../metrics/similarity.ts';
import { evenEdges, histogram } from '../../metrics/statistics.ts';

describe('similarity statistics', () => {
  it('are what they are by hand', () => {
    const similarity = Float32Array.from([0.5, 0.25, -0.5, -0.25, 0.125]);
    const found = similarityStatistics(similarity, Int32Array.from([7, 7, 3, 3, 9]));
    expect(found.mean).toBeCloseTo(0.025, 9);
    expect(found.std).toBeCloseTo(Math.sqrt((0.475 ** 2 + 0.225 ** 2 + 0.525 ** 2 + 0.275 ** 2 + 0.1 ** 2) / 5), 9);
    expect(found.perIdentity).toEqual({ identities: [3, 7, 9], mean: [-0.375, 0.375, 0.125], std: [0.125, 0.125, 0] });
    // Below 0, 0-0.1, 0.1-0.2, 0.2-0.3, 0.3-0.4, 0.4-0.5, above.
    expect(found.bins.identities).toEqual([1, 0, 1, 0, 1, 0, 0]);
    expect(found.histogram.edges.length).toBe(81);
    expect(found.histogram.counts.reduce((a, b) => a + b)).toBe(5);
  });

  it('counts identities from 0.5 on apart from those below', () => {
    const found = similarityStatistics(Float32Array.from([0.45, 0.5, 0.75]), Int32Array.from([1, 2, 3]));
    expect(found.bins).toEqual({ edges: [0, 0.1, 0.2, 0.3, 0.4, 0.5], identities: [0, 0, 0, 0, 0, 1, 2] });
  });

  it('counts values on an edge upwards, and outside values into the outer bins', () => {
    const edges = evenEdges(-1, 1, 4);
    expect(edges).toEqual([-1, -0.5, 0, 0.5, 1]);
    expect(histogram([-1.001, -1, -0.5, 0, 0.4999, 0.5, 1, 1.0001], edges)).toEqual([2, 1, 2, 3]);
  });
});

describe('similarity groups', () => {
  it("cut each class's images into fifths from most to least similar", () => {
    const labels = Int32Array.from({ length: 15 }, (_, i) => (i % 3 === 0 ? 1 : 0));
    const similarity = Float32Array.from({ length: 15 }, (_, i) => Math.sin(i * 7));
    const { group, statistics } = similarityGroups(similarity, labels, 5);
    for (const label of [0, 1]) {
      const rows = [...labels.keys()].filter((i) => labels[i] === label);
      const sorted = rows.map((i) => similarity[i] as number).sort((a, b) => b - a);
      for (const row of rows)
        expect(group[row]).toBe(Math.floor((sorted.indexOf(similarity[row] as number) * 5) / rows.length));
    }
    expect(statistics.map(({ images }) => images)).toEqual([3, 3, 3, 3, 3]);
    const first = [...similarity].filter((_, i) => group[i] === 0);
    expect(statistics[0]?.lowest).toBe(Math.min(...first));
    expect(statistics[0]?.highest).toBe(Math.max(...first));
  });

  it('are as many as asked for; a class with fewer images has none in some of them', () => {
    const labels = Int32Array.of(0, 0, 0, 0, 1);
    const { group, statistics } = similarityGroups(Float32Array.of(0.1, 0.4, 0.3, 0.2, 0.5), labels, 2);
    expect([...group]).toEqual([1, 0, 0, 1, 0]);
    expect(statistics.map(({ images }) => images)).toEqual([3, 2]);
    // Of class 0: 0.4 and 0.3, then 0.2 and 0.1. Of class 1: 0.5 alone, in the first group.
    expect(statistics[0]?.meanHighest).toBeCloseTo((0.4 + 0.5) / 2, 6);
    expect(statistics[0]?.meanLowest).toBeCloseTo((0.3 + 0.5) / 2, 6);
    expect(statistics[1]?.meanHighest).toBeCloseTo(0.2, 6);
    expect(statistics[1]?.meanLowest).toBeCloseTo(0.1, 6);
  });
});
