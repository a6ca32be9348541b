import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { jointProbabilities } from '../../metrics/tsne/affinities.ts';
import { exp } from '../../metrics/tsne/exp.ts';
import { gradientOf, klDivergence } from '../../metrics/tsne/gradient.ts';
import { Descent, principalStart, tsne } from '../../metrics/tsne/index.ts';

type Group = [count: number, seed: number, mean: number];

interface Case {
  readonly name: string;
  readonly size: number;
  readonly groups: readonly Group[];
  readonly perplexity: number;
  /** Of the pairs (0, 1), (0, 2) … (1, 2) … */
  readonly joint: readonly number[];
  readonly kl: number;
  readonly gradient: readonly number[];
  readonly descent: readonly number[];
  readonly start: readonly number[];
  /** The lowest and the highest of 20 random starts. */
  readonly finalKl: readonly [number, number];
}

const golden = JSON.parse(readFileSync(new URL('../golden/tsne.json', import.meta.url), 'utf8')) as Case[];

/** The formula of `test/golden/tsne.py`: 48271 · 2³¹ is below 2⁵³, so that every state is exact. */
const rows = (groups: readonly Group[], size: number): Float32Array =>
  Float32Array.from(
    groups.flatMap(([count, seed, mean]) => {
      let state = seed;
      return Array.from({ length: count * size }, (_, i) => {
        state = (state * 48271) % 2147483647;
        return mean * (1 + ((i % size) % 2)) + state / 2147483647 - 0.5;
      });
    }),
  );

const countOf = ({ groups }: Case): number => groups.reduce((sum, [count]) => sum + count, 0);

/** A map at which divergence and gradient are compared. */
const anywhere = (each: Case): Float64Array => {
  let state = 9;
  return Float64Array.from({ length: 2 * countOf(each) }, () => {
    state = (state * 48271) % 2147483647;
    return Math.fround(state / 2147483647 - 0.5);
  });
};

/** Largest difference, as a share of the largest wanted value. */
const worst = (found: ArrayLike<number>, wanted: readonly number[]): number => {
  expect(found.length).toBe(wanted.length);
  const largest = Math.max(...wanted.map(Math.abs));
  return Math.max(...wanted.map((value, i) => Math.abs(value - (found[i] as number)))) / largest;
};

describe.each(golden)('t-SNE of $name', (each) => {
  const count = countOf(each);
  const points = rows(each.groups, each.size);
  const joint = jointProbabilities(points, each.size, each.perplexity);

  it('has the joint probabilities that scipy’s root finder gives', () => {
    const pairs = [...joint].filter((_, at) => at % count > Math.floor(at / count));
    expect(worst(pairs, each.joint)).toBeLessThan(1e-6);
    expect(joint.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 12);
    for (let at = 0; at < joint.length; at++) {
      const [i, j] = [Math.floor(at / count), at % count];
      expect(joint[at]).toBe(i === j ? 0 : joint[j * count + i]);
    }
  });

  it('has the divergence and the gradient of scikit-learn', () => {
    expect(klDivergence(joint, anywhere(each))).toBeCloseTo(each.kl, 6);
    expect(worst(gradientOf(joint, anywhere(each)), each.gradient)).toBeLessThan(1e-6);
  });

  it('descends as scikit-learn does', () => {
    const map = Float64Array.from(each.start);
    const descent = new Descent(map, 50);
    for (let step = 0; step < 6; step++) descent.step(gradientOf(joint, map, 12), 0.5);
    expect(worst(map, each.descent)).toBeLessThan(5e-4);
  });

  it('starts from the first two principal components, which may point either way', () => {
    const start = principalStart(points, each.size);
    for (const axis of [0, 1]) {
      const of = (values: ArrayLike<number>): number[] => Array.from(values).filter((_, k) => k % 2 === axis);
      const sign = Math.sign((of(start)[0] as number) * (of(each.start)[0] as number));
      expect(
        worst(
          of(start).map((value) => sign * value),
          of(each.start),
        ),
      ).toBeLessThan(1e-5);
    }
  });

  it('comes as near to the probabilities as scikit-learn', async () => {
    const options = { perplexity: each.perplexity, iterations: 1000, learningRate: 10, earlyExaggeration: 12 };
    const { klDivergence: found } = await tsne(points, each.size, options);
    const [lowest, highest] = each.finalKl;
    expect(found).toBeGreaterThan(0.8 * lowest);
    expect(found).toBeLessThan(highest);
  });
});

describe('t-SNE', () => {
  const each = golden[0] as Case;
  const points = rows(each.groups, each.size);
  const options = { perplexity: 10, iterations: 1000, learningRate: null, earlyExaggeration: 12 };

  it('sets groups apart that lie apart', async () => {
    const { points: map } = await tsne(points, each.size, options);
    const groupOf = each.groups.flatMap(([count], group) => Array.from({ length: count }, () => group));
    const nearest = groupOf.map((_, i) => {
      const distances = groupOf.map((_, j) =>
        i === j
          ? Number.POSITIVE_INFINITY
          : Math.hypot(
              (map[2 * i] as number) - (map[2 * j] as number),
              (map[2 * i + 1] as number) - (map[2 * j + 1] as number),
            ),
      );
      return groupOf[distances.indexOf(Math.min(...distances))];
    });
    expect(nearest).toEqual(groupOf);
  });

  it('reports every iteration, and takes the learning rate from the number of points where none is given', async () => {
    const seen: number[] = [];
    const { learningRate } = await tsne(
      points,
      each.size,
      { ...options, iterations: 3 },
      async (i) => void seen.push(i),
    );
    expect(seen).toEqual([0, 1, 2]);
    expect(learningRate).toBe(50);
    const few = { ...options, iterations: 0, earlyExaggeration: 0.25 };
    expect((await tsne(points, each.size, few)).learningRate).toBe(60);
    expect((await tsne(points, each.size, { ...few, learningRate: 7 })).learningRate).toBe(7);
  });

  it('has the very digits that an audit on another machine must find', async () => {
    const { points: map, klDivergence: found } = await tsne(points, each.size, options);
    expect([map[0], map[119], found]).toEqual([13.461394537846445, 27.475077058562643, 0.184477]);
  });

  it('refuses a perplexity that so few points cannot have', () => {
    expect(() => jointProbabilities(rows([[6, 1, 0]], 2), 2, 5)).toThrow(
      expect.objectContaining({
        code: 'TsneInvalid',
        message: 'perplexity must be below the number of other points, got 5 with 6 points',
      }),
    );
  });

  it('gives equal points equal probabilities, also where they are more than the perplexity', () => {
    const joint = jointProbabilities(Float32Array.of(0, 0, 0, 0, 0, 0, 0, 0, 9, 9), 2, 2);
    expect([...joint.subarray(1, 4)].map((p) => p.toFixed(9))).toEqual(Array(3).fill(joint[1]?.toFixed(9)));
    expect(joint[1]).toBeGreaterThan(0.06);
  });
});

describe('the exponential', () => {
  it('is that of the machine, but for the last digit', () => {
    for (let x = 0; x > -740; x -= 0.0371) {
      const wanted = Math.exp(x);
      // Below 2⁻¹⁰²² numbers have fewer digits.
      if (wanted > 1e-300) expect(Math.abs(exp(x) - wanted) / wanted).toBeLessThan(2 ** -51);
    }
    expect([exp(0), exp(-800), exp(-1e300)]).toEqual([1, 0, 0]);
  });
});
