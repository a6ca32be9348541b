import { describe, expect, test } from 'vitest';
import { sharedPeople } from '../../artifacts/people.ts';
import { identityDistance, identityVector } from '../../faces/identity.ts';
import { benchmarkSets, peopleOfSet, planSet, type SetRequest } from '../../faces/protocol.ts';

const request = (change: Partial<SetRequest> = {}): SetRequest => ({
  set: 'lfw',
  pairs: 200,
  identities: 100,
  population: 'test',
  variation: 1,
  wear: 1,
  lookAlikes: 4,
  overlap: 0,
  overlapWith: 'train',
  kinship: 0,
  ...change,
});

describe('people', () => {
  test('of a set that overlaps with a training population are its first ones, in one fold each, and the set says so', () => {
    const asked = request({ overlap: 0.3 });
    const { images, fold, left } = planSet(7, asked);
    const ofTraining = new Map<number, Set<number>>();
    left.forEach((image, pair) => {
      const { identity } = images[image] as (typeof images)[number];
      if (identity.population !== 'train') return;
      ofTraining.set(identity.index, (ofTraining.get(identity.index) ?? new Set()).add(fold[pair] as number));
    });
    expect([...ofTraining.keys()].sort((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, i) => i));
    for (const folds of ofTraining.values()) expect(folds.size).toBe(1);
    const training = [{ namespace: 'drawn/7/train', first: 10, count: 400 }];
    expect(sharedPeople(peopleOfSet(7, asked), training)).toBe(20);
    expect(sharedPeople(peopleOfSet(7, request()), training)).toBe(0);
    expect(sharedPeople(peopleOfSet(8, asked), training)).toBe(0);
    const people = peopleOfSet(7, asked).reduce((sum, { count }) => sum + count, 0);
    expect(people).toBe(new Set(images.map(({ label }) => label)).size);
  });

  test('of different populations and numbers are different people', () => {
    const seen = new Set<string>();
    for (const population of ['train', 'test', 'mine']) {
      for (let i = 0; i < 200; i++) seen.add(identityVector(7, i, population).factors.join());
    }
    expect(seen.size).toBe(600);
  });

  test('of the benchmarks are in no population that training can name, and each set has its own', () => {
    const drawn = (population: string) =>
      Array.from({ length: 400 }, (_, i) => identityVector(7, i, population).factors.join());
    const training = new Set([...drawn('train'), ...drawn(request({}).population)]);
    const owner = new Map<string, string>();
    for (const set of benchmarkSets) {
      for (const { identity } of planSet(7, request({ set })).images) {
        const key = identity.factors.join();
        expect(training.has(key)).toBe(false);
        expect(owner.get(key) ?? set).toBe(set);
        owner.set(key, set);
      }
    }
  });
});

describe.each(benchmarkSets)('the pairs of %s', (set) => {
  const plan = planSet(7, request({ set }));
  const at = (side: 'left' | 'right', p: number) =>
    plan.images[plan[side][p] as number] as (typeof plan.images)[number];
  const pairs = Array.from({ length: 200 }, (_, p) => ({
    a: at('left', p),
    b: at('right', p),
    same: plan.same[p] === 1,
    fold: plan.fold[p] as number,
  }));

  test('are ten folds, half of each same, and say the truth about who is on them', () => {
    for (let f = 0; f < 10; f++) {
      const fold = pairs.filter((pair) => pair.fold === f);
      expect(fold.length).toBe(20);
      expect(fold.filter((pair) => pair.same).length).toBe(10);
    }
    for (const { a, b, same } of pairs) {
      expect(a.identity.index === b.identity.index).toBe(same);
      expect(a).not.toBe(b);
    }
  });

  test('share nobody between folds and name no pair twice', () => {
    const foldOf = new Map<number, number>();
    for (const { a, b, fold } of pairs) {
      for (const { identity } of [a, b]) {
        expect(foldOf.get(identity.index) ?? fold).toBe(fold);
        foldOf.set(identity.index, fold);
      }
    }
    expect(new Set(pairs.map((_, p) => `${plan.left[p]},${plan.right[p]}`)).size).toBe(200);
  });

  test('have the conditions of the set on same and different pairs alike', () => {
    for (const { a, b } of pairs) {
      const poses = [a.conditions.pose, b.conditions.pose].sort();
      if (set === 'cfp_fp') expect(poses).toEqual(['frontal', 'profile']);
      if (set === 'cplfw') expect(poses).toEqual(['wide', 'wide']);
    }
    // The older photo of one person is as much older as the set says; of two people one is still the older photo.
    const years = { agedb_30: 30, calfw: 20 }[set as string] ?? 0;
    for (const { a, b, same } of pairs) {
      const difference = Math.abs(a.conditions.ageShift - b.conditions.ageShift);
      if (same || years === 0) expect(difference).toBeCloseTo(years, 9);
      else expect(difference).toBeGreaterThan(0);
    }
  });
});

test('look-alikes and relatives bring different pairs closer together', () => {
  const distance = (change: Partial<SetRequest>): number => {
    const plan = planSet(7, request(change));
    let sum = 0;
    let n = 0;
    plan.same.forEach((same, p) => {
      if (same) return;
      const [a, b] = [plan.left[p], plan.right[p]].map((i) => plan.images[i as number]?.identity);
      sum += identityDistance(a as never, b as never);
      n++;
    });
    return sum / n;
  };
  const anybody = distance({ lookAlikes: 1 });
  expect(distance({ lookAlikes: 8 })).toBeLessThan(0.95 * anybody);
  expect(distance({ lookAlikes: 8, kinship: 0.8 })).toBeLessThan(0.8 * anybody);
});
