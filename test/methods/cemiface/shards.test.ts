import { beforeAll, describe, expect, it } from 'vitest';
import type { Outputs } from '../../../core/action.ts';
import type { ArtifactRef } from '../../../core/artifact.ts';
import type { ImageSet } from '../../../data/images.ts';
import { loadDataset } from '../../../data/loader/load.ts';
import { stage } from '../../../methods/cemiface/generate/stage.ts';
import type { WantedSimilarity } from '../../../methods/cemiface/generate/wanted-similarity.ts';
import type { Precision } from '../../../nn/compile/index.ts';
import { float32, side, toyContext } from '../../activities/toy.ts';
import { putGenerator, putInquiries, putRecognizer } from './tiny.ts';

const subjects = 5;
const [first, ...others] = [1, 2, 3, subjects];
const context = toyContext();
const { store } = context;
let generator: ArtifactRef;
let inquiries: ArtifactRef;

beforeAll(async () => {
  generator = await putGenerator(store, await putRecognizer(store));
  inquiries = await putInquiries(store, subjects);
});

/** Three images of each subject and one copy, in batches of four: batches and subjects do not end together. */
const paramsOf = (
  shardIdentities: number,
  more: { identities?: number; skip?: number; m?: WantedSimilarity; eta?: number; precision?: Precision } = {},
) => ({
  ...{
    generator,
    inquiries,
    m: 0.2,
    identities: 0,
    skip: 0,
    images: 3,
    oversample: 1,
    steps: 4,
    batch: 4,
    shardIdentities,
  },
  ...{ eta: 0, epsilon: 'network' as const, ...float32 },
  ...more,
});
type Params = ReturnType<typeof paramsOf>;

/** @param order in which the shards are made */
const shardsOf = async (params: Params, order = (shards: number[]): number[] => shards): Promise<Outputs[]> => {
  const shards = await stage.split(params, context);
  const made: Outputs[] = [];
  for (const i of order([...shards.keys()])) {
    made[i] = await stage.runShard(shards[i] as (typeof shards)[number], context);
  }
  return made;
};

const setOf = async (params: Params): Promise<ImageSet> => {
  const { data } = await stage.join(params, await shardsOf(params), context);
  return loadDataset(store, data as ArtifactRef);
};

const pixelsOf = ({ chunks }: ImageSet): Buffer =>
  Buffer.concat(chunks.map((chunk) => Buffer.from('pixels' in chunk ? new Uint8Array(chunk.pixels) : [])));

const everything = (set: ImageSet) => ({ pixels: pixelsOf(set), identities: set.identities, images: set.images });

describe('diffusion/generate', () => {
  it.each(others)(`makes in shards of %i what it makes in shards of ${first}`, async (size) => {
    const one = everything(await setOf(paramsOf(first as number)));
    expect(one.images).toHaveLength(subjects * 4);
    expect(everything(await setOf(paramsOf(size)))).toEqual(one);
  });

  it('cuts the set between two batches, where shards of at most that size can be', async () => {
    const firsts = async (shardIdentities: number, m?: WantedSimilarity): Promise<number[]> => {
      const shards = await stage.split(paramsOf(shardIdentities, m === undefined ? {} : { m }), context);
      return shards.map(({ firstIdentity }) => firstIdentity);
    };
    // Twelve images, three batches of four, belong to four identities.
    expect(await firsts(5)).toEqual([0, 4]);
    expect(await firsts(3)).toEqual([0, 3]);
    // A grid of two: two identities fill a batch.
    expect(await firsts(3, [0, 1])).toEqual([0, 2, 4]);
  });

  it('makes a grid in shards of any size, and starts each row from one noise', async () => {
    const grid = { m: [-0.5, 0.5, 0.5] };
    const one = everything(await setOf(paramsOf(1, grid)));
    expect(everything(await setOf(paramsOf(3, grid)))).toEqual(one);
    const image = (k: number): Buffer => one.pixels.subarray(k * side * side * 3, (k + 1) * side * side * 3);
    // The second and the third m are equal.
    expect(image(1).equals(image(2))).toBe(true);
    expect(image(0).equals(image(1))).toBe(false);
  });

  it.each([{ m: { among: [-1, 0, 1] } }, { m: { lowest: -1, highest: 1 }, eta: 0 }, { m: 0.2, eta: 1 }])(
    'makes %j in shards of any size, and keeps the images and shards of a set that grows',
    async (more) => {
      const whole = everything(await setOf(paramsOf(2, more)));
      expect(everything(await setOf(paramsOf(3, more)))).toEqual(whole);
      const small = { ...more, identities: 3 };
      const kept = pixelsOf(await setOf(paramsOf(2, small)));
      expect(whole.pixels.subarray(0, kept.length).equals(kept)).toBe(true);
      const [of3, of5] = [
        await stage.split(paramsOf(2, small), context),
        await stage.split(paramsOf(2, more), context),
      ];
      expect(of5[0]).toEqual(of3[0]);
    },
  );

  it('leaves out inquiries at the front, and makes of the others the images that the whole set has, under the same numbers', async () => {
    const [whole, rest, some] = [
      everything(await setOf(paramsOf(2))),
      everything(await setOf(paramsOf(2, { skip: 2 }))),
      everything(await setOf(paramsOf(2, { skip: 2, identities: 1 }))),
    ];
    expect([...rest.identities]).toEqual([2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4]);
    expect(rest.pixels.equals(whole.pixels.subarray(-rest.pixels.length))).toBe(true);
    expect([...some.identities]).toEqual([2, 2, 2, 2]);
    expect(rest.pixels.subarray(0, some.pixels.length).equals(some.pixels)).toBe(true);
    await expect(stage.split(paramsOf(2, { skip: subjects }), context)).rejects.toMatchObject({
      code: 'TooFewInquiries',
      message: `asked for those after the first ${subjects}, there are ${subjects} inquiries`,
    });
    await expect(stage.split(paramsOf(2, { skip: 2, identities: 4 }), context)).rejects.toMatchObject({
      message: `asked for 4 identities after the first 2, there are ${subjects} inquiries`,
    });
  });

  it('makes in bfloat16 the same images in shards of any size, nearly those of float32', async () => {
    const low = { precision: 'bfloat16' } as const;
    const whole = everything(await setOf(paramsOf(subjects, low)));
    expect(everything(await setOf(paramsOf(1, low)))).toEqual(whole);
    const { pixels } = everything(await setOf(paramsOf(subjects)));
    expect(whole.pixels.equals(pixels)).toBe(false);
    const difference = pixels.reduce((sum, value, i) => sum + Math.abs(value - (whole.pixels[i] as number)), 0);
    expect(difference / pixels.length).toBeLessThan(3);
  });

  it('does not go on with the sampler of another precision', async () => {
    const [shard] = (await stage.split(paramsOf(subjects), context)) as [Parameters<typeof stage.runShard>[0]];
    const float = await stage.runShard(shard, context);
    expect(await stage.runShard({ ...shard, precision: 'bfloat16' }, context)).not.toEqual(float);
  });

  it('makes images that differ from each other, within a subject and between subjects', async () => {
    const { pixels } = everything(await setOf(paramsOf(2)));
    const size = side * side * 3;
    const images = Array.from({ length: subjects * 4 }, (_, k) => pixels.toString('base64', k * size, (k + 1) * size));
    expect(new Set(images).size).toBe(subjects * 4);
  });

  it('keeps the images of a set that grows, and its whole shards', async () => {
    const [small, large] = [await setOf(paramsOf(2, { identities: 3 })), await setOf(paramsOf(2))];
    const kept = pixelsOf(small);
    expect(kept.length).toBe(3 * 4 * side * side * 3);
    expect(pixelsOf(large).subarray(0, kept.length).equals(kept)).toBe(true);
    const [before, after] = [await shardsOf(paramsOf(2, { identities: 3 })), await shardsOf(paramsOf(2))];
    expect(after[0]).toEqual(before[0]);
    const [of3, of5] = [
      await stage.split(paramsOf(2, { identities: 3 }), context),
      await stage.split(paramsOf(2), context),
    ];
    expect(of5[0]).toEqual(of3[0]);
  });

  it('does not depend on the order of its shards, nor on who else works', async () => {
    const inOrder = await shardsOf(paramsOf(2));
    expect(await shardsOf(paramsOf(2), (shards) => shards.reverse())).toEqual(inOrder);
    const shards = await stage.split(paramsOf(2), context);
    expect(await Promise.all(shards.map((shard) => stage.runShard(shard, context)))).toEqual(inOrder);
  });
});
