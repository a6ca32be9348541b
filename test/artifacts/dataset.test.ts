import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { putBenchmarks, putPairs } from '../../artifacts/benchmarks.ts';
import { type Pairs, setPrefix } from '../../artifacts/codecs/benchmarks.ts';
import { DatasetWriter } from '../../artifacts/dataset.ts';
import { joinShards, readSamples, shardsOf } from '../../artifacts/shards.ts';
import { loadBenchmark } from '../../data/benchmarks.ts';
import { loadDataset } from '../../data/loader/load.ts';
import { decodeImage, encodePng } from '../../formats/image.ts';
import { decodeTar, encodeTar } from '../../formats/tar.ts';
import { allPixels } from '../helpers/images.ts';
import { memoryStore } from '../helpers/memory-store.ts';

const size = { height: 6, width: 4 };
const pixelsOf = (identity: number, image: number): Uint8Array =>
  Uint8Array.from({ length: 6 * 4 * 3 }, (_, i) => (identity * 31 + image * 7 + i * 13) & 255);
const grid = (identities: number[], images: number) =>
  identities.flatMap((identity) =>
    Array.from({ length: images }, (_, image) => ({ identity, image, pixels: pixelsOf(identity, image) })),
  );
const write = async (store: ReturnType<typeof memoryStore>, samples: ReturnType<typeof grid>, options = {}) => {
  const writer = new DatasetWriter(store, { ...size, ...options });
  for (const sample of samples) await writer.add(sample);
  return writer;
};
const collect = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
};

describe('DatasetWriter', () => {
  it('packs WebDataset shards that load as they were added, with dense labels', async () => {
    const store = memoryStore();
    const samples = grid([40, 7, 1234567], 3);
    const ref = await (await write(store, samples)).finish({ origin: 'procedural', peopleShown: 'drawn' });
    const { meta, files } = await store.getArtifact(ref);
    expect(meta).toEqual({ origin: 'procedural', identities: 3, images: 9, ...size });
    expect(files.map(({ path }) => path)).toEqual(['shards/000000.tar']);
    const names = decodeTar(await store.getBlob(files[0]?.digest as never)).map(({ path }) => path);
    expect(names.slice(0, 4)).toEqual(['000040/0000.png', '000040/0000.cls', '000040/0001.png', '000040/0001.cls']);

    const set = await loadDataset(store, ref);
    expect([set.count, set.classes, set.height, set.width]).toEqual([9, 3, 6, 4]);
    expect([...set.identities]).toEqual(samples.map(({ identity }) => identity));
    expect([...set.labels]).toEqual([1, 1, 1, 0, 0, 0, 2, 2, 2]);
    expect([...set.images]).toEqual([0, 1, 2, 0, 1, 2, 0, 1, 2]);
    expect(await allPixels(set)).toEqual(Buffer.concat(samples.map(({ pixels }) => pixels)));
  });

  it('keeps image files as they came, each under the name of its format', async () => {
    const store = memoryStore();
    const raw = (identity: number) => sharp(pixelsOf(identity, 0), { raw: { width: 4, height: 6, channels: 3 } });
    const sent = [await raw(0).jpeg().toBuffer(), await raw(1).png().toBuffer(), await raw(2).webp().toBuffer()];
    const writer = new DatasetWriter(store, size);
    for (const [identity, bytes] of sent.entries()) await writer.addEncoded({ identity, image: 0, bytes });
    const ref = await writer.finish({ origin: 'import', peopleShown: 'real' });
    const [shard] = shardsOf((await store.getArtifact(ref)).files);
    const entries = decodeTar(await store.getBlob(shard?.digest as never)).filter(({ path }) => !path.endsWith('.cls'));
    expect(entries.map(({ path }) => path)).toEqual(['000000/0000.jpg', '000001/0000.png', '000002/0000.webp']);
    expect(entries.map(({ bytes }) => Buffer.from(bytes))).toEqual(sent);
    const decoded = await Promise.all(sent.map(async (bytes) => (await decodeImage(bytes)).pixels));
    expect(await allPixels(await loadDataset(store, ref))).toEqual(Buffer.concat(decoded));
  });

  it('refuses bytes that are no image', async () => {
    const writer = new DatasetWriter(memoryStore(), size);
    const added = writer.addEncoded({ identity: 3, image: 1, bytes: Buffer.from('GIF89a') });
    await expect(added).rejects.toMatchObject({ code: 'DatasetInvalid', data: { sample: '000003/0001' } });
  });

  it('gives equal bytes whether the caller waits for each sample or not, and takes pixels at once', async () => {
    const samples = grid([0, 1, 2, 3, 4], 10);
    const slow = await (await write(memoryStore(), samples, { shardBytes: 20_000 })).files();
    const eager = new DatasetWriter(memoryStore(), { ...size, shardBytes: 20_000 });
    const reused = new Uint8Array(6 * 4 * 3);
    await Promise.all(
      samples.map(({ identity, image, pixels }) => {
        reused.set(pixels);
        return eager.add({ identity, image, pixels: reused });
      }),
    );
    expect(await eager.files()).toEqual(slow);
    expect(slow.length).toBeGreaterThan(3);
    for (const { bytes } of slow) expect(bytes).toBeLessThanOrEqual(20_000);
  });

  it('refuses a sample twice, numbers that are none, pixels of another size, and an artifact without images', async () => {
    const store = memoryStore();
    const invalid = { code: 'DatasetInvalid' };
    const writer = await write(store, grid([0], 1));
    await expect(writer.add({ identity: 0, image: 0, pixels: pixelsOf(0, 0) })).rejects.toMatchObject(invalid);
    await expect(writer.add({ identity: -1, image: 0, pixels: pixelsOf(0, 0) })).rejects.toMatchObject(invalid);
    await expect(writer.add({ identity: 0.5, image: 0, pixels: pixelsOf(0, 0) })).rejects.toMatchObject(invalid);
    await writer.add({ identity: 9, image: 0, pixels: new Uint8Array(3) });
    await expect(writer.files()).rejects.toMatchObject({ code: 'ImageInvalid' });
    const empty = await new DatasetWriter(store, size).finish({ origin: 'folder', peopleShown: 'real' });
    await expect(loadDataset(store, empty)).rejects.toMatchObject(invalid);
  });
});

describe('joinShards', () => {
  it('makes one dataset of several without touching their blobs', async () => {
    const store = memoryStore();
    const parts = [];
    for (const id of [0, 1, 2]) parts.push(await (await write(store, grid([id], 40), { shardBytes: 20_000 })).files());
    const objects = store.objects.map.size;
    const files = joinShards(parts);
    expect(files.map(({ path }) => path)).toEqual(files.map((_, i) => `shards/${`${i}`.padStart(6, '0')}.tar`));
    expect(store.objects.map.size).toBe(objects);
    const identities = (await collect(readSamples(store, files))).map(({ identity }) => identity);
    expect(identities).toEqual(grid([0, 1, 2], 40).map(({ identity }) => identity));
  });
});

describe('readSamples', () => {
  const shard = async (entries: { path: string; bytes: Buffer }[]) => {
    const store = memoryStore();
    return { store, files: [await store.putFile('shards/000000.tar', encodeTar(entries), 'application/x-tar')] };
  };

  it('gives samples in order and can be left early', async () => {
    const store = memoryStore();
    const files = await (await write(store, grid([0, 1], 30))).files();
    const keys: string[] = [];
    for await (const { identity, image } of readSamples(store, files)) {
      keys.push(`${identity}/${image}`);
      if (keys.length === 35) break;
    }
    expect([keys[0], keys[29], keys[34]]).toEqual(['0/0', '0/29', '1/4']);
  });

  it('refuses an image without its label, a label that is no number, and a damaged image', async () => {
    const png = await encodePng(pixelsOf(0, 0), 6, 4);
    const image = { path: '000000/0000.png', bytes: png };
    const label = { path: '000000/0000.cls', bytes: Buffer.from('0') };
    for (const [entries, code] of [
      [[image], 'DatasetInvalid'],
      [[label], 'DatasetInvalid'],
      [[image, { ...label, bytes: Buffer.from('one') }], 'DatasetInvalid'],
      [[{ ...image, bytes: png.subarray(0, 60) }, label], 'ImageInvalid'],
    ] as const) {
      const { store, files } = await shard([...entries]);
      await expect(collect(readSamples(store, files))).rejects.toMatchObject({ code });
    }
  });

  it('leads loadDataset to refuse a manifest that states another count or size', async () => {
    const store = memoryStore();
    const files = await (await write(store, grid([0], 3))).files();
    for (const meta of [
      { ...size, identities: 1, images: 4 },
      { ...size, identities: 1, images: 2 },
      { height: 4, width: 6, identities: 1, images: 3 },
    ]) {
      const ref = await store.putArtifact({ type: 'dataset', meta, files });
      await expect(loadDataset(store, ref)).rejects.toMatchObject({ code: 'DatasetInvalid' });
    }
    const uncounted = await store.putArtifact({ type: 'dataset', meta: size, files });
    await expect(loadDataset(store, uncounted)).rejects.toMatchObject({ code: 'ArtifactInvalid' });
  });
});

describe('benchmarks', () => {
  const pairs: Pairs = {
    left: Int32Array.of(0, 1, 2),
    right: Int32Array.of(1, 2, 3),
    same: Uint8Array.of(1, 0, 1),
    fold: Int32Array.of(0, 4, 9),
  };

  it('keep each set apart and load its images and pairs', async () => {
    const store = memoryStore();
    const files = [];
    for (const [set, identity] of [
      ['lfw', 5],
      ['cfp-fp', 8],
    ] as const) {
      files.push(...(await (await write(store, grid([identity, 90], 2), { prefix: setPrefix(set) })).files()));
      files.push(await putPairs(store, set, pairs, 4));
    }
    expect(files.map(({ path }) => path)).toContain('lfw/shards/000000.tar');
    expect(shardsOf(files)).toEqual([]);
    const ref = await putBenchmarks(store, files, { sets: ['lfw', 'cfp-fp'], ...size, peopleShown: 'drawn' });
    const loaded = await loadBenchmark(store, ref, 'cfp-fp');
    expect([...loaded.images.identities]).toEqual([8, 8, 90, 90]);
    expect({ ...loaded, images: undefined }).toEqual({ ...pairs, images: undefined });
    await expect(loadBenchmark(store, ref, 'agedb')).rejects.toMatchObject({
      code: 'BenchmarkMissing',
      remedy: 'name one of: lfw, cfp-fp',
    });
  });

  it('refuse pairs that name no image, no fold, no truth, or differ in length', async () => {
    const store = memoryStore();
    for (const change of [
      { left: Int32Array.of(0, 1, 4) },
      { right: Int32Array.of(-1, 1, 2) },
      { same: Uint8Array.of(0, 1, 2) },
      { fold: Int32Array.of(0, 1, 10) },
      { fold: Int32Array.of(0, 1) },
    ]) {
      await expect(putPairs(store, 'lfw', { ...pairs, ...change }, 4)).rejects.toMatchObject({
        code: 'BenchmarkInvalid',
      });
    }
    expect(() => setPrefix('../lfw')).toThrow(/letters/);
  });
});
