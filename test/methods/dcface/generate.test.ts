import { beforeAll, describe, expect, it } from 'vitest';
import type { ArtifactRef } from '../../../core/artifact.ts';
import { loadDataset } from '../../../data/loader/load.ts';
import { stage } from '../../../methods/dcface/generate/stage.ts';
import { float32, toyContext, toyDataset } from '../../activities/toy.ts';
import { allPixels } from '../../helpers/images.ts';
import { putInquiries } from '../cemiface/tiny.ts';
import { putDcFace, putGuide } from './tiny.ts';

const subjects = 5;
const context = toyContext();
const { store } = context;
let generator: ArtifactRef;
let styles: ArtifactRef;
let inquiries: ArtifactRef;

beforeAll(async () => {
  generator = await putDcFace(store, await putGuide(store));
  styles = await toyDataset(store, 3, 3, 20);
  inquiries = await putInquiries(store, subjects);
});

/** Three images of each subject and one copy, in batches of four: batches and subjects do not end together. */
const setOf = async (shardIdentities: number, more: { identities?: number; styles?: ArtifactRef } = {}) => {
  const params = {
    ...{
      generator,
      inquiries,
      styles,
      identities: 0,
      skip: 0,
      images: 3,
      oversample: 1,
      steps: 3,
      batch: 4,
      shardIdentities,
    },
    ...{ eta: 1, epsilon: 'network' as const, ...float32 },
    ...more,
  };
  const shards = await stage.split(params, context);
  const made = [];
  for (const shard of shards) made.push(await stage.runShard(shard, context));
  const { data } = await stage.join(params, made, context);
  const set = await loadDataset(store, data as ArtifactRef);
  return { pixels: await allPixels(set), identities: set.identities, images: set.images };
};

describe('dcface/generate', () => {
  it.each([2, 3, subjects])('makes in shards of %i what it makes in shards of 1', async (size) => {
    const one = await setOf(1);
    expect([...one.images]).toEqual(Array.from({ length: 4 * subjects }, (_, i) => i % 4));
    expect(await setOf(size)).toEqual(one);
  });

  it('keeps what it had where the set grows', async () => {
    const [some, all] = [await setOf(1, { identities: 2 }), await setOf(1)];
    expect(all.pixels.subarray(0, some.pixels.length).equals(some.pixels)).toBe(true);
  });

  it('ends each identity with copies of its image, and takes the others from styles', async () => {
    const [first, second] = [await setOf(1), await setOf(1, { styles: await toyDataset(store, 3, 3, 40) })];
    const size = first.pixels.length / (4 * subjects);
    const image = (pixels: Buffer, k: number) => pixels.subarray(k * size, (k + 1) * size);
    for (let k = 0; k < 4 * subjects; k++)
      expect(image(first.pixels, k).equals(image(second.pixels, k))).toBe(k % 4 === 3);
  });
});
