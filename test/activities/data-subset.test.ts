import { beforeAll, describe, expect, it } from 'vitest';
import { stage as centersStage } from '../../activities/centers-compute/stage.ts';
import { type Choice, chooseRows } from '../../activities/data-subset/choose.ts';
import { stage } from '../../activities/data-subset/stage.ts';
import { centersCodec, readCenters } from '../../artifacts/codecs/centers.ts';
import { datasetCodec, readNames } from '../../artifacts/codecs/dataset.ts';
import { DatasetWriter } from '../../artifacts/dataset.ts';
import { drawnPeople, keptPeople, namesFile } from '../../artifacts/people.ts';
import { shardsOf, unpackShard } from '../../artifacts/shards.ts';
import { writeSoftLabels } from '../../artifacts/soft-labels.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import type { JsonObject } from '../../core/errors.ts';
import { putRecognizer } from '../methods/cemiface/tiny.ts';
import { float32, side, toyContext, toyDataset, toyPixels } from './toy.ts';

const context = toyContext();
const { store } = context;
const whole = { group: null, identities: 0, images: 0, draw: 'random' as const };

/** Every image of a set: `identity/image` and its file. */
const imagesOf = async (ref: ArtifactRef): Promise<[string, string][]> => {
  const found: [string, string][] = [];
  for (const { path, digest } of shardsOf((await store.getArtifact(ref)).files))
    for (const { identity, image, bytes } of unpackShard(await store.getBlob(digest), path))
      found.push([`${identity}/${image}`, Buffer.from(bytes).toString('base64')]);
  return found;
};
const namesIn = async (ref: ArtifactRef): Promise<string[]> => (await imagesOf(ref)).map(([name]) => name);

const take = async (data: ArtifactRef, more: Partial<Parameters<typeof stage.run>[0]>, seed = 7) => {
  const { data: made } = await stage.run({ ...whole, data, ...more }, { ...context, seed });
  return made as ArtifactRef;
};

describe('the choice of images', () => {
  const identities = Int32Array.from({ length: 4000 }, (_, row) => row >> 2);
  const all: Choice = { identities: 0, images: 0, draw: 'random', seed: 7, allowed: () => true };

  it('draws each image of an identity equally often, and apart for each identity', () => {
    const taken = chooseRows(identities, { ...all, images: 2 });
    const pairs = new Map<string, number>();
    for (let first = 0; first < 4000; first += 4) {
      const pair = [...taken.subarray(first, first + 4)].join('');
      pairs.set(pair, (pairs.get(pair) ?? 0) + 1);
    }
    // Six pairs of four, each of 1,000 · 1/6 = 167 ± 12 identities.
    expect([...pairs.keys()].sort()).toEqual(['0011', '0101', '0110', '1001', '1010', '1100']);
    for (const count of pairs.values()) expect(Math.abs(count - 1000 / 6)).toBeLessThan(4 * 11.8);
  });

  it('of more images includes that of fewer; another seed draws others', () => {
    const [one, three, other] = [1, 3, 1].map((images, i) =>
      chooseRows(identities, { ...all, images, seed: i === 2 ? 8 : 7 }),
    ) as [Uint8Array, Uint8Array, Uint8Array];
    expect(one.every((value, row) => value <= (three[row] as number))).toBe(true);
    expect(three.reduce((sum, value) => sum + value, 0)).toBe(3000);
    const same = one.filter((value, row) => value === 1 && other[row] === 1).length;
    // A quarter of 1,000 by chance.
    expect(Math.abs(same - 250)).toBeLessThan(4 * 13.7);
  });

  it('takes the identities that come first among allowed images, and the first images where asked', () => {
    const few = Int32Array.of(9, 9, 9, 4, 4, 9, 2, 4);
    const rows = (more: Partial<Choice>) => [...chooseRows(few, { ...all, ...more })].join('');
    expect(rows({})).toBe('11111111');
    expect(rows({ identities: 2 })).toBe('11111101');
    expect(rows({ draw: 'first', images: 2 })).toBe('11011010');
    expect(rows({ identities: 1, allowed: (row: number) => row > 2 && row !== 5 })).toBe('00011001');
  });
});

describe('data/subset', () => {
  let data: ArtifactRef;
  let recognizer: ArtifactRef;

  beforeAll(async () => {
    data = await toyDataset(store, 4, 5, 10);
    recognizer = await putRecognizer(store);
  });

  it('keeps images to the byte, under their numbers, in their order', async () => {
    const before = await imagesOf(data);
    expect(await imagesOf(await take(data, {}))).toEqual(before);
    const part = await imagesOf(await take(data, { identities: 2, images: 3 }));
    const names = part.map(([name]) => name);
    expect(before.filter(([name]) => names.includes(name))).toEqual(part);
    expect(names.filter((name) => name.startsWith('10/'))).toHaveLength(3);
    expect(names.filter((name) => name.startsWith('11/'))).toHaveLength(3);
    expect(names).toHaveLength(6);
    expect(await namesIn(await take(data, { identities: 1, images: 2, draw: 'first' }))).toEqual(['10/0', '10/1']);
  });

  it('draws by its seed', async () => {
    const [a, b, c] = [
      await take(data, { images: 2 }),
      await take(data, { images: 2 }),
      await take(data, { images: 2 }, 8),
    ];
    expect(a).toEqual(b);
    expect(await namesIn(a)).not.toEqual(await namesIn(c));
  });

  it('takes one similarity group, the most similar images first', async () => {
    const params = { data, recognizer, source: 'mean' as const, groups: 2, ...float32 };
    const centers = (await centersStage.run(params, context)).centers as ArtifactRef;
    const { group, similarity } = await readCenters(store, await centersCodec.read(store, centers));
    const names = await namesIn(data);
    const [near, far] = [
      await namesIn(await take(data, { group: { centers, index: 0 } })),
      await namesIn(await take(data, { group: { centers, index: 1 } })),
    ];
    expect(near).toEqual(names.filter((_, row) => group[row] === 0));
    expect([...near, ...far].sort()).toEqual([...names].sort());
    const of = (name: string): number => similarity[names.indexOf(name)] as number;
    for (const identity of [10, 11, 12, 13]) {
      const own = (list: string[]): number[] => list.filter((name) => name.startsWith(`${identity}/`)).map(of);
      expect(Math.min(...own(near))).toBeGreaterThanOrEqual(Math.max(...own(far)));
    }
    const one = await namesIn(await take(data, { group: { centers, index: 1 }, images: 1, identities: 3 }));
    expect(one).toHaveLength(3);
    expect(far).toEqual(expect.arrayContaining(one));
  });

  it('refuses centers of another set, and a group that they do not have', async () => {
    const other = await toyDataset(store, 4, 5, 20);
    const params = { data: other, recognizer, source: 'mean' as const, groups: 2, ...float32 };
    const centers = (await centersStage.run(params, context)).centers as ArtifactRef;
    await expect(take(data, { group: { centers, index: 0 } })).rejects.toMatchObject({
      code: 'CentersMismatch',
      data: { found: other.digest, required: data.digest },
    });
    await expect(take(other, { group: { centers, index: 2 } })).rejects.toMatchObject({ code: 'GroupMissing' });
    const { meta, files } = await store.getArtifact(centers);
    const { data: _, ...older } = meta;
    const old = await store.putArtifact({ type: 'centers', meta: older, files });
    await expect(take(other, { group: { centers: old, index: 0 } })).rejects.toMatchObject({ code: 'CentersMismatch' });
  });

  it('takes all identities where there are fewer than asked for', async () => {
    const all = await take(data, { identities: 5 });
    expect((await store.getArtifact(all)).meta).toMatchObject({ identities: 4, subset: { identities: 5 } });
  });

  it('refuses a group of no images', async () => {
    const single = await toyDataset(store, 2, 1, 30);
    const params = { data: single, recognizer, source: 'mean' as const, groups: 2, ...float32 };
    const centers = (await centersStage.run(params, context)).centers as ArtifactRef;
    await expect(take(single, { group: { centers, index: 1 } })).rejects.toMatchObject({ code: 'GroupEmpty' });
  });

  it('states what the whole set does, its own size, and what was taken', async () => {
    const writer = new DatasetWriter(store, { height: side, width: side });
    for (const identity of [5, 6, 7])
      for (const image of [0, 1]) await writer.add({ identity, image, pixels: toyPixels(identity, image) });
    const facts: JsonObject = { origin: 'procedural', people: [drawnPeople(7, 'train', 5, 3)], licence: 'CC0' };
    // Counts of the whole set are not true of a part.
    const ofWhole: JsonObject = {
      ...{ skipped: { count: 1, files: ['a'] }, transparent: 1, similarNames: { count: 1, groups: [['a', 'A']] } },
      duplicates: { bytes: 1, pixels: 1, acrossIdentities: 0, identityPairs: 0, pairs: [] },
    };
    const set = await writer.finish({ ...facts, ...ofWhole, peopleShown: 'drawn' });
    const part = await take(set, { identities: 2, images: 1, draw: 'first' });
    const { meta } = await store.getArtifact(part);
    expect(meta).toEqual({
      ...{ origin: 'procedural', licence: 'CC0', identities: 2, images: 2, height: side, width: side },
      people: [{ namespace: 'drawn/7/train', first: 5, count: 2 }],
      subset: { of: set.digest, identities: 2, images: 1, draw: 'first' },
    });
    expect(datasetCodec.parse(await store.getArtifact(part)).peopleShown).toBe('drawn');
  });

  it('keeps the names of the people who are left, and no others', async () => {
    const { meta, files } = await store.getArtifact(await toyDataset(store, 3, 1));
    const names = await store.putFile(namesFile, Buffer.from('["Ann","Bob","Cyd"]'), 'application/json');
    const named = await store.putArtifact({ type: 'dataset', meta, files: [...files, names] });
    const part = await datasetCodec.read(store, await take(named, { identities: 2 }));
    expect(await readNames(store, part)).toEqual(['Ann', 'Bob', '']);
  });

  it('refuses a set of mixtures, whose labels name people who may not be in the part', async () => {
    const { meta, files } = await store.getArtifact(await toyDataset(store, 2, 1));
    const labels = await writeSoftLabels(store, { second: Int32Array.of(1, 0), ratio: Float32Array.of(0.5, 1) });
    const mixed = await store.putArtifact({ type: 'dataset', meta, files: [...files, labels] });
    await expect(take(mixed, { identities: 1 })).rejects.toMatchObject({ code: 'SubsetOfMixtures' });
  });
});

describe('people of a part', () => {
  const people = [drawnPeople(7, 'train', 3, 5)];

  it('are those kept, in runs', () => {
    expect(keptPeople(people, new Set([7, 3, 4]), 5)).toEqual([
      { namespace: 'drawn/7/train', first: 3, count: 2 },
      { namespace: 'drawn/7/train', first: 7, count: 1 },
    ]);
  });

  it('are all of the whole, where identities are not the numbers of people', () => {
    expect(keptPeople(people, new Set([0, 1]), 5)).toBe(people);
    expect(keptPeople(people, new Set([3]), 4)).toBe(people);
    const two = [...people, drawnPeople(7, 'other', 0, 5)];
    expect(keptPeople(two, new Set([3]), 5)).toBe(two);
    expect(keptPeople([], new Set([3]), 5)).toEqual([]);
  });
});
