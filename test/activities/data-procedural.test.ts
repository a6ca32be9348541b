import { expect, test } from 'vitest';
import { stage } from '../../activities/data-procedural/stage.ts';
import { readSamples } from '../../artifacts/shards.ts';
import type { Outputs } from '../../core/action.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { loadDataset } from '../../data/loader/load.ts';
import { stageContext } from '../faces/context.ts';

const params = {
  identities: 3,
  firstIdentity: 0,
  images: 2,
  size: 16,
  population: 'train',
  variation: 1,
  wear: 0.5,
};

const make = async (change: Partial<typeof params>, context = stageContext()) => {
  const parts = await stage.split({ ...params, ...change }, context);
  const outputs: Outputs[] = [];
  for (const part of parts) outputs.push(await stage.runShard(part, context));
  const { data } = await stage.join({ ...params, ...change }, outputs, context);
  return { parts, outputs, data: data as ArtifactRef, context };
};

test('draws every person as often as asked, in shards that load as one dataset', async () => {
  const { data, context } = await make({ firstIdentity: 49 });
  const set = await loadDataset(context.store, data);
  expect([...set.identities]).toEqual([49, 49, 50, 50, 51, 51]);
  expect([...set.images]).toEqual([0, 1, 0, 1, 0, 1]);
  expect([set.height, set.width, set.classes]).toEqual([16, 16, 3]);
  expect((await context.store.getArtifact(data)).meta).toMatchObject({
    origin: 'procedural',
    identities: 3,
    images: 6,
  });
});

test('draws a person alike whatever part of whatever set they are in', async () => {
  const pixels = async (change: Partial<typeof params>, identity: number) => {
    const { data, context } = await make(change);
    const found: Buffer[] = [];
    for await (const sample of readSamples(context.store, data)) {
      if (sample.identity === identity) found.push(Buffer.from(sample.pixels));
    }
    return Buffer.concat(found);
  };
  const once = await pixels({ firstIdentity: 48 }, 50);
  expect(once.length).toBe(2 * 16 * 16 * 3);
  expect(once.equals(await pixels({ firstIdentity: 50, identities: 1 }, 50))).toBe(true);
  expect(once.equals(await pixels({ firstIdentity: 50, identities: 1, population: 'test' }, 50))).toBe(false);
});

test('a set that grows keeps its whole parts, so that they are not drawn again', async () => {
  const context = stageContext();
  const small = await stage.split({ ...params, identities: 120 }, context);
  const large = await stage.split({ ...params, identities: 200 }, context);
  expect(large.slice(0, 2)).toEqual(small.slice(0, 2));
  expect(small.map((part) => part.count)).toEqual([50, 50, 20]);
  const shifted = await stage.split({ ...params, firstIdentity: 30, identities: 90 }, context);
  expect(shifted[1]).toEqual(small[1]);
});

test('the same set has the same digest, another seed another', async () => {
  const first = await make({});
  expect((await make({})).data).toEqual(first.data);
  expect((await make({}, stageContext(8))).data).not.toEqual(first.data);
});
