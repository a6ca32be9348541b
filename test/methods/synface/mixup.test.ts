import { describe, expect, it } from 'vitest';
import { identityVector } from '../../../faces/identity.ts';
import { blend, mixesOf, poolOf } from '../../../methods/synface/mixup.ts';
import { labelsOf, type Portraits, portraitsOf, shardsOfSet } from '../../../methods/synface/set.ts';
import { countsOf, unevenness } from '../../helpers/chi-square.ts';

const seed = 7;
const pool = { from: 0, count: 201 };
const all = Array.from({ length: pool.count }, (_, identity) => mixesOf(seed, identity, 60, pool));

describe('what an image is mixed of', () => {
  it('takes each share of 0, 0.05, … 1 equally often, both ends among them', () => {
    const places = all.flatMap((mixes) => mixes.map(({ ratio }) => ratio * 20));
    expect(places.every((place) => Math.abs(place - Math.round(place)) < 1e-9)).toBe(true);
    expect(unevenness(countsOf(places.map(Math.round), 21))).toBeLessThan(1);
  });

  it('takes each other identity equally often, and never the own', () => {
    expect(all.every((mixes, identity) => mixes.every(({ second }) => second !== identity))).toBe(true);
    // As distances, because each identity has other ones.
    const apart = all.flatMap((mixes, identity) => mixes.map(({ second }) => (second - identity + 200) % 201));
    expect(unevenness(countsOf(apart, 200))).toBeLessThan(1);
    const first = all.map(([mix], identity) => ((mix?.second ?? -1) - identity + 200) % 201);
    expect(new Set(first).size).toBeGreaterThan(110);
  });

  it('names nobody twice, and everybody as often where there are more images than others', () => {
    for (const mixes of all) expect(new Set(mixes.map(({ second }) => second)).size).toBe(60);
    const few = mixesOf(seed, 12, 10, { from: 10, count: 4 });
    expect(
      countsOf(
        few.map(({ second }) => second - 10),
        4,
      ).toSorted(),
    ).toEqual([0, 3, 3, 4]);
    expect(
      few
        .slice(0, 3)
        .map(({ second }) => second)
        .toSorted(),
    ).toEqual([10, 11, 13]);
  });

  it('does not depend on how many images follow', () => {
    expect(mixesOf(seed, 3, 20, pool)).toEqual(mixesOf(seed, 3, 60, pool).slice(0, 20));
    expect(mixesOf(seed + 1, 3, 20, pool)).not.toEqual(mixesOf(seed, 3, 20, pool));
  });
});

describe('a blended person', () => {
  const [own, other] = [identityVector(seed, 0, 'a'), identityVector(seed, 1, 'a')];

  it('has the factors of both by their shares, and is either at the ends', () => {
    const { factors } = blend(own, other, 0.25);
    factors.forEach((value, k) => {
      expect(value).toBeCloseTo(0.25 * (own.factors[k] as number) + 0.75 * (other.factors[k] as number), 12);
    });
    expect(blend(own, other, 1)).toEqual(own);
    expect(blend(own, other, 0)).toEqual({ ...other, index: own.index });
  });

  it('has the marks of whoever has the larger share', () => {
    expect([1, 0.5, 0.45, 0].map((ratio) => blend(own, other, ratio).marks)).toEqual(
      [own, own, other, other].map(({ marks }) => marks),
    );
  });
});

describe('a set of mixtures', () => {
  const params = { identities: 25, images: 3, population: 'a', mixup: true, mixAmong: 10 };

  it('mixes identities within blocks, those of a last block that is not full with the last of the set', () => {
    const pools = [0, 9, 10, 24].map((identity) => poolOf(identity, { identities: 25, among: 10 }));
    expect(pools.map(({ from }) => from)).toEqual([0, 0, 10, 15]);
    expect(pools.every(({ count }) => count === 10)).toBe(true);
    expect(poolOf(4, { identities: 6, among: 10 })).toEqual({ from: 0, count: 6 });
  });

  it('that grows keeps the shards of full blocks', () => {
    const small = shardsOfSet(params, 4);
    const large = shardsOfSet({ ...params, identities: 40 }, 4);
    expect(small.map(({ first, count }) => [first, count])).toEqual([
      [0, 4],
      [4, 4],
      [8, 2],
      [10, 2],
      [12, 4],
      [16, 4],
      [20, 4],
      [24, 1],
    ]);
    expect(large.slice(0, 6)).toEqual(small.slice(0, 6));
    expect(large[6]).not.toEqual(small[6]);
  });

  it('without mixup keeps all of its whole shards', () => {
    const plain = { ...params, mixup: false };
    const [small, large] = [shardsOfSet(plain, 10), shardsOfSet({ ...plain, identities: 40 }, 10)];
    expect(large.slice(0, 2)).toEqual(small.slice(0, 2));
    expect(small.map(({ count, pool }) => [count, pool])).toEqual([
      [10, null],
      [10, null],
      [5, null],
    ]);
  });

  it('of one identity is refused', () => {
    expect(() => shardsOfSet({ ...params, identities: 1 }, 4)).toThrow(expect.objectContaining({ code: 'MixupAlone' }));
  });

  it('has labels that say whom its images show, in their order', () => {
    const portraits = shardsOfSet(params, 4).flatMap((shard: Portraits) => [...portraitsOf(shard, seed)]);
    const { second, ratio } = labelsOf(params, seed);
    expect(portraits.map(({ identity, image }) => [identity, image])).toEqual(
      Array.from({ length: 75 }, (_, i) => [Math.floor(i / 3), i % 3]),
    );
    portraits.forEach(({ identity, person }, i) => {
      const [own, other] = [identity, second[i] as number].map((each) => identityVector(seed, each, 'a').factors);
      const share = ratio[i] as number;
      person.factors.forEach((value, k) => {
        expect(value).toBeCloseTo(share * (own?.[k] as number) + (1 - share) * (other?.[k] as number), 5);
      });
    });
  });
});
