import { randomStream } from '../../core/random.ts';
import type { IdentityRange } from '../../core/shards.ts';
import type { Identity } from '../../faces/identity.ts';

/** What an image of an identity is made of (SynFace, identity mixup): `ratio` of the identity itself, 1 − ratio of `second`. */
export interface Mix {
  /** Number of another identity of the set. */
  readonly second: number;
  /** One of 0, 0.05, … 1. */
  readonly ratio: number;
}

/** Steps of the grid that shares are drawn from. */
const ratioSteps = 20;

/**
 * The identities that one mixes with: those of its block of `among`, so that a set which grows keeps the blocks that are full. The
 * last block, where it is not full, takes the last `among` identities of the set.
 */
export const poolOf = (identity: number, { identities, among }: MixupSize): IdentityRange => {
  const block = identity - (identity % among);
  return { from: Math.max(0, Math.min(block, identities - among)), count: Math.min(among, identities) };
};

export interface MixupSize {
  /** Of the set. */
  readonly identities: number;
  /** Identities that mix with each other. */
  readonly among: number;
}

/**
 * What the images of an identity are made of: a function of (seed, identity, pool), and what it says of an image does not depend on how
 * many follow. The others are drawn without repetition, and from the beginning again where there are fewer of them than images.
 *
 * @param pool holds the identity, and at least one other
 */
export const mixesOf = (seed: number, identity: number, images: number, pool: IdentityRange): Mix[] => {
  const others = pool.count - 1;
  const shares = randomStream(seed, 'synface ratio', identity);
  const mixes: Mix[] = [];
  for (let round = 0; mixes.length < images; round++) {
    const uniform = randomStream(seed, 'synface second', identity, round);
    for (const place of drawDistinct(others, Math.min(others, images - mixes.length), uniform)) {
      const other = pool.from + place;
      const ratio = Math.floor(shares() * (ratioSteps + 1)) / ratioSteps;
      mixes.push({ second: other < identity ? other : other + 1, ratio });
    }
  }
  return mixes;
};

/** `count` different numbers of 0 … n − 1 in random order: the beginning of a Fisher-Yates shuffle, of which only moved places are kept. */
const drawDistinct = (n: number, count: number, uniform: () => number): number[] => {
  const moved = new Map<number, number>();
  return Array.from({ length: count }, (_, i) => {
    const at = i + Math.floor(uniform() * (n - i));
    const drawn = moved.get(at) ?? at;
    moved.set(at, moved.get(i) ?? i);
    return drawn;
  });
};

/**
 * The person whose factors are r v_i + (1 − r) v_j (SynFace, identity mixup). The seed of skin marks and hair strands cannot be blended: it is that
 * of the person with the larger share. Photos are drawn as those of the first.
 */
export const blend = (own: Identity, other: Identity, ratio: number): Identity => ({
  ...own,
  factors: own.factors.map((value, k) => ratio * value + (1 - ratio) * (other.factors[k] as number)),
  marks: ratio >= 0.5 ? own.marks : other.marks,
});
