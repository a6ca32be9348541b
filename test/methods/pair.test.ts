import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { DatasetWriter } from '../../artifacts/dataset.ts';
import type { Outputs } from '../../core/action.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { randomStream } from '../../core/random.ts';
import type { ImageSet } from '../../data/images.ts';
import { loadDataset } from '../../data/loader/load.ts';
import { checkStageSchema } from '../../schemas/meta-schema.ts';
import { float32, toyContext } from '../activities/toy.ts';
import { stage as generate } from '../pair-method/generate/stage.ts';
import { stage as train } from '../pair-method/train/stage.ts';

const [height, width] = [12, 16];
const context = toyContext();
const { store } = context;
const options = { epochs: 12, batch: 16, microBatch: 0, lr: 0.002, timesteps: 50, ...float32 };
let data: ArtifactRef;
let trained: Outputs;

/** Each identity is one colour under a little noise. */
const colours = async (): Promise<ArtifactRef> => {
  const writer = new DatasetWriter(store, { height, width });
  for (let identity = 0; identity < 4; identity++) {
    for (let image = 0; image < 8; image++) {
      const uniform = randomStream(identity, 'pair', image);
      const colour = (k: number): number => ((identity >> (k % 3)) & 1 ? 210 : 40) + 10 * uniform();
      await writer.add({
        identity,
        image,
        pixels: Uint8Array.from({ length: height * width * 3 }, (_, k) => colour(k)),
      });
    }
  }
  return writer.finish({ origin: 'procedural', peopleShown: 'drawn' });
};

const sample = async (shardIdentities: number): Promise<ImageSet> => {
  const generator = trained.weights as ArtifactRef;
  const params = { generator, partners: data, images: 3, steps: 20, batch: 4, shardIdentities, ...float32 };
  const made: Outputs[] = [];
  for (const shard of await generate.split(params, context)) made.push(await generate.runShard(shard, context));
  return loadDataset(store, (await generate.join(params, made, context)).data as ArtifactRef);
};

const pixels = ({ chunks }: ImageSet): Buffer =>
  Buffer.concat(chunks.map((chunk) => Buffer.from('pixels' in chunk ? new Uint8Array(chunk.pixels) : [])));

beforeAll(async () => {
  data = await colours();
  trained = await train.run({ data, ...options }, context);
}, 120_000);

describe('a method of two photos, latents and ancestral steps', () => {
  it('has schemas that stage kinds may have', () => {
    for (const verb of ['train', 'generate']) {
      const schema = readFileSync(new URL(`../pair-method/${verb}/schema.json`, import.meta.url), 'utf8');
      expect(checkStageSchema(JSON.parse(schema))).toEqual([]);
    }
  });

  it('trains by its own loss, and gives the same weights again', async () => {
    const log = await store.getArtifact(trained.log as ArtifactRef);
    expect(log.type).toBe('metrics');
    const losses = context.steps.flatMap(({ phase, metrics }) => (phase === 'train' ? [metrics?.loss as number] : []));
    const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(mean(losses.slice(-4))).toBeLessThan(0.9 * mean(losses.slice(0, 4)));
    expect(await train.run({ data, ...options }, context)).toEqual(trained);
  }, 120_000);

  it('trains in micro-batches of both images', async () => {
    const { weights } = await train.run({ data, ...options, epochs: 1, microBatch: 8 }, context);
    expect(weights).not.toEqual(trained.weights);
  });

  it('samples images that are not square, the same in shards of any size', async () => {
    const [one, all] = [await sample(1), await sample(4)];
    expect([one.height, one.width, one.count, one.classes]).toEqual([height, width, 12, 4]);
    expect(pixels(one).equals(pixels(all))).toBe(true);
    expect(new Set(pixels(one)).size).toBeGreaterThan(20);
    // Fresh noise for each image.
    const size = height * width * 3;
    expect(
      pixels(one)
        .subarray(0, size)
        .equals(pixels(one).subarray(size, 2 * size)),
    ).toBe(false);
  });
});
