import fc from 'fast-check';
import type { FuzzTarget } from '../target.ts';
import { mutated } from './mutate.ts';

/** Cases are generated in batches: a case is known by the seed of the run and its number. */
const batchSize = 250;

const arbitraryOf = ({ seeds, cases }: FuzzTarget): fc.Arbitrary<Uint8Array> => {
  const mutations = mutated(seeds);
  return cases ? fc.oneof(mutations, cases) : mutations;
};

/** Cases `from` to `from + count` of a run. The seeds come first as they are: a target must read them. */
export function* casesOf(target: FuzzTarget, seed: number, count: number, from = 0): Generator<Uint8Array> {
  for (const bytes of target.seeds.slice(from, from + count)) yield bytes;
  const arbitrary = arbitraryOf(target);
  const end = from + count - target.seeds.length;
  let at = Math.max(0, from - target.seeds.length);
  while (at < end) {
    const batch = Math.floor(at / batchSize);
    const cases = fc.sample(arbitrary, { numRuns: batchSize, seed: (seed * 1_000_003 + batch) | 0 });
    const last = Math.min(end, (batch + 1) * batchSize);
    for (; at < last; at++) yield cases[at - batch * batchSize] as Uint8Array;
  }
}
