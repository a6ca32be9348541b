import { describe, expect, it } from 'vitest';
import { DigestSet } from '../../../data/intake/digest-set.ts';
import { DuplicateTable } from '../../../data/intake/duplicates.ts';
import { hash64, imageHashes } from '../../../data/intake/image-hashes.ts';

describe('DigestSet', () => {
  it('finds what was added, however many, and the first of equal ones', () => {
    const set = new DigestSet();
    const digests = Array.from({ length: 5000 }, (_, i) => hash64(Buffer.from(`${i}`)));
    for (const digest of digests) set.add(digest);
    const sorted = [...digests].sort((a, b) => (a < b ? -1 : 1));
    expect(set.indexOf(digests[17] as bigint)).toBe(sorted.indexOf(digests[17] as bigint));
    expect(set.indexOf(hash64(Buffer.from('another')))).toBe(-1);
    for (let i = 0; i < 3; i++) set.add(sorted[4000] as bigint);
    expect([set.size, set.indexOf(sorted[4000] as bigint), set.indexOf(sorted[4001] as bigint)]).toEqual([
      5003, 4000, 4004,
    ]);
  });

  it('holds nothing at first', () => {
    expect(new DigestSet().indexOf(0n)).toBe(-1);
  });
});

describe('DuplicateTable', () => {
  it('pairs identities with each other, or with the first where very many share one image', () => {
    const found = (people: number) => {
      const table = new DuplicateTable();
      for (let identity = 0; identity < people; identity++)
        table.add(identity, imageHashes(Buffer.from(`${identity}`), Buffer.from('pixels')));
      return table.find();
    };
    expect(found(3)).toEqual({
      ...{ bytes: 0, pixels: 2, acrossIdentities: 3 },
      pairs: [
        [0, 1, 1],
        [0, 2, 1],
        [1, 2, 1],
      ],
    });
    const { pairs, acrossIdentities } = found(3000);
    expect([pairs.length, acrossIdentities, pairs.at(-1)]).toEqual([2999, 3000, [0, 2999, 1]]);
  });
});
