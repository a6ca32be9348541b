import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { datasetCodec } from '../../../artifacts/codecs/dataset.ts';
import { DatasetWriter } from '../../../artifacts/dataset.ts';
import type { FileEntry } from '../../../core/artifact.ts';
import { type ImageSet, type Images, pixelsOf } from '../../../data/images.ts';
import { type AugmentRecipe, maker as augmented } from '../../../data/loader/augmented.ts';
import { BatchReader, Stall } from '../../../data/loader/batches.ts';
import { type CopyRecipe, maker as copies } from '../../../data/loader/copies.ts';
import { loadDataset, loadImages } from '../../../data/loader/load.ts';
import type { Maker } from '../../../data/loader/maker.ts';
import { defaultThreads, inProcess, startThreads, type Workers } from '../../../data/loader/workers.ts';
import { encodePng } from '../../../formats/image.ts';
import { encodeTar } from '../../../formats/tar.ts';
import { Scratch } from '../../../threads/scratch.ts';
import { allPixels } from '../../helpers/images.ts';
import { memoryStore } from '../../helpers/memory-store.ts';

const [height, width] = [40, 32];
const imageBytes = height * width * 3;
const count = 60;
const store = memoryStore();
const pixels = (i: number): Uint8Array =>
  Uint8Array.from({ length: imageBytes }, (_, k) => (i * 37 + (k >> 5) * (3 + (i % 5))) & 255);

/** Sixty images in several small shards. */
const dataset = await (async () => {
  const writer = new DatasetWriter(store, { height, width, shardBytes: 30_000 });
  for (let i = 0; i < count; i++) await writer.add({ identity: i % 7, image: i, pixels: pixels(i) });
  return writer.finish({ origin: 'procedural', peopleShown: 'drawn' });
})();
const { meta, files: shards } = await datasetCodec.read(store, dataset);

const opened: { close(): Promise<void> }[] = [];
const threads = <R>(maker: Maker<R>, n: number): Workers<R> => {
  const workers = n === 0 ? inProcess(maker) : startThreads(maker, n);
  opened.push(workers);
  return workers;
};
afterEach(async () => {
  await Promise.all(opened.splice(0).map((workers) => workers.close()));
});

const augment = { cropScale: [0.8, 1], flip: 0.5, jitter: 0.1, erase: 0.5, eraseScale: [0.02, 0.1] } as const;
const augmentAt = (step: number): { recipe: AugmentRecipe } => ({
  recipe: { rows: Int32Array.of(step, count - 1 - step, (step * 13) % count), augment, seed: 5, epoch: step % 2 },
});
const copyAt = (step: number): { recipe: CopyRecipe } => ({
  recipe: { rows: Int32Array.of(step, (step * 7) % count), mirrored: Uint8Array.of(step % 2, 1), slots: 3 },
});

/** The bytes of 20 batches, in order. */
const read = async <R>(workers: Workers<R>, images: Images, planOf: (step: number) => { recipe: R }) => {
  const reader = new BatchReader(workers, images, planOf, { from: 0, to: 20, stall: new Stall() });
  const batches: Buffer[] = [];
  for (let step = 0; step < 20; step++) {
    const batch = await reader.next();
    expect(batch.step).toBe(step);
    batches.push(Buffer.from(batch.images.buffer));
  }
  return Buffer.concat(batches);
};

/** Everything decoded, everything packed, and some of each. */
const budgets = { decoded: Number.POSITIVE_INFINITY, packed: 0, mixed: 160_000 };
const kindsOf = ({ chunks }: ImageSet): string[] => [
  ...new Set(chunks.map((chunk) => ('pixels' in chunk ? 'decoded' : 'packed' in chunk ? 'packed' : 'stored'))),
];

describe('input threads', () => {
  it('give the same batches as this thread alone, with images decoded, packed, and some of each', async () => {
    const wanted = await loadDataset(store, dataset);
    const pixelsHere = await allPixels(wanted);
    const augmentedHere = await read(threads(augmented, 0), wanted, augmentAt);
    const copiedHere = await read(threads(copies, 0), wanted, copyAt);
    expect(augmentedHere.length).toBe(20 * 3 * imageBytes * 4);
    for (const n of [0, 1, 3]) {
      const [augmenting, copying] = [threads(augmented, n), threads(copies, n)];
      for (const [kind, budgetBytes] of Object.entries(budgets)) {
        const images = await loadDataset(store, dataset, { decode: (job) => copying.decode(job), budgetBytes });
        expect(kindsOf(images)).toEqual(kind === 'mixed' ? ['decoded', 'packed'] : [kind]);
        expect((await allPixels(images)).equals(pixelsHere)).toBe(true);
        expect((await read(augmenting, images, augmentAt)).equals(augmentedHere)).toBe(true);
        expect((await read(copying, images, copyAt)).equals(copiedHere)).toBe(true);
      }
    }
  });

  it('give the same batches where images lie on disk, which is left as it was', async () => {
    const parent = await mkdtemp(join(tmpdir(), 'scratch-'));
    const scratch = new Scratch(parent);
    const wanted = await loadDataset(store, dataset);
    const [here, copying] = [await read(threads(copies, 0), wanted, copyAt), threads(copies, 2)];
    const decode = copying.decode.bind(copying);
    const { bytes } = shards[0] as FileEntry;
    for (const [budgetBytes, kinds] of [
      [0, ['stored']],
      [bytes + 1, ['packed', 'stored']],
    ] as const) {
      const images = await loadDataset(store, dataset, { decode, budgetBytes, scratch });
      expect(kindsOf(images)).toEqual(kinds);
      expect((await allPixels(images)).equals(await allPixels(wanted))).toBe(true);
      expect((await read(copying, images, copyAt)).equals(here)).toBe(true);
    }
    expect((await readdir(parent)).length).toBe(1);
    await scratch.close();
    expect(await readdir(parent)).toEqual([]);
    await rm(parent, { recursive: true });
  });

  it('give what the recipe says: mirrored where asked, zeros in slots left over', async () => {
    const images = await loadDataset(store, dataset);
    const batch = await threads(copies, 1).fill(images, copyAt(3).recipe);
    const value = (row: number, y: number, x: number): number =>
      Math.fround((pixels(row)[(y * width + x) * 3] as number) / 127.5 - 1);
    expect(batch[0]).toBe(value(3, 0, width - 1));
    expect(batch[imageBytes]).toBe(value(21, 0, width - 1));
    expect(batch.subarray(2 * imageBytes).every((v) => v === 0)).toBe(true);
    expect(batch.length).toBe(3 * imageBytes);
  });

  it('answer a damaged image and one of another size with the error that this thread would give', async () => {
    const png = await encodePng(pixels(0), height, width);
    const label = { path: '000000/0000.cls', bytes: Buffer.from('0') };
    const turned = await encodePng(pixels(0), width, height);
    for (const [bytes, code] of [
      [png.subarray(0, 70), 'ImageInvalid'],
      [turned, 'DatasetInvalid'],
    ] as const) {
      const file = encodeTar([{ path: '000000/0000.png', bytes }, label]);
      const files = [await store.putFile('shards/000000.tar', file, 'application/x-tar')];
      const workers = threads(copies, 1);
      const decode = workers.decode.bind(workers);
      const error = { name: 'CemiflowError', code, remedy: expect.stringMatching(/./) };
      await expect(loadImages(store, files, { height, width }, { decode })).rejects.toMatchObject(error);
      const images = await loadImages(store, files, { height, width }, { decode, budgetBytes: 0 });
      const plan = () => ({ recipe: { rows: Int32Array.of(0) } });
      const reader = new BatchReader(workers, images, plan, { from: 0, to: 4, stall: new Stall() });
      await expect(reader.next()).rejects.toMatchObject(error);
    }
  });

  it('end when they are closed: what is under way and what comes later is refused, nothing keeps the process', async () => {
    const images = await loadDataset(store, dataset);
    const workers = startThreads(augmented, 2);
    const reader = new BatchReader(workers, images, augmentAt, { from: 0, to: 20, stall: new Stall() });
    await reader.next();
    const running = process.getActiveResourcesInfo().filter((name) => name === 'MessagePort').length;
    const late = Array.from({ length: 50 }, (_, step) => workers.fill(images, augmentAt(step).recipe));
    const settled = Promise.allSettled(late);
    await workers.close();
    const refused = (await settled).filter(({ status }) => status === 'rejected');
    expect(refused.length).toBeGreaterThan(0);
    for (const each of refused) expect(each).toMatchObject({ reason: { code: 'InputThreadLost', retryable: true } });
    await expect(workers.fill(images, augmentAt(0).recipe)).rejects.toMatchObject({ code: 'InputThreadLost' });
    const left = process.getActiveResourcesInfo().filter((name) => name === 'MessagePort').length;
    expect(running - left).toBeGreaterThanOrEqual(2);
  });

  it('are one on two cores, half of more, and never over eight', () => {
    expect([1, 2, 3, 4, 16, 64].map(defaultThreads)).toEqual([1, 1, 1, 2, 8, 8]);
  });
});

describe('BatchReader', () => {
  const images = { count: 1, height: 1, width: 1, chunks: [] };

  it('makes batches ahead of their use, as many as keep the threads busy and none after the last', async () => {
    const asked: number[] = [];
    const fill = async (_: Images, step: number) => {
      asked.push(step);
      return Float32Array.of(step);
    };
    const workers: Workers<number> = { threads: 2, fill, decode: async () => {}, close: async () => {} };
    const reader = new BatchReader(workers, images, (step) => ({ recipe: step }), {
      from: 3,
      to: 9,
      stall: new Stall(),
    });
    expect(asked).toEqual([3, 4, 5, 6]);
    expect(await reader.next()).toMatchObject({ step: 3, plan: { recipe: 3 }, images: Float32Array.of(3) });
    await reader.next();
    expect(asked).toEqual([3, 4, 5, 6, 7]);
    for (let step = 5; step < 9; step++) expect((await reader.next()).step).toBe(step);
    expect(asked).toEqual([3, 4, 5, 6, 7, 8]);
    await expect(reader.next()).rejects.toThrow(RangeError);
  });

  it('without threads makes a batch when it is asked for, and counts that time as waiting', async () => {
    const now = vi.spyOn(performance, 'now').mockReturnValue(0);
    try {
      const stall = new Stall();
      const fill = async () => {
        now.mockReturnValue(performance.now() + 700);
        return new Float32Array(1);
      };
      const workers: Workers<number> = { threads: 0, fill, decode: async () => {}, close: async () => {} };
      const reader = new BatchReader(workers, images, (step) => ({ recipe: step }), { from: 0, to: 2, stall });
      expect(performance.now()).toBe(0);
      await reader.next();
      await reader.next();
      expect(stall).toMatchObject({ batches: 2, waitedMs: 1400 });
      expect(`${stall}`).toBe('input: 2 batches, waited 1.4 s in all');
    } finally {
      now.mockRestore();
    }
  });
});

describe('images', () => {
  it('may be more than one array can hold', async () => {
    // Three buffers of 2.3 GB, of which the system keeps only the pages that were written.
    const [side, each] = [112, 60_000];
    const size = side * side * 3;
    const chunks = [0, 1, 2].map((i) => ({ first: i * each, count: each, pixels: new SharedArrayBuffer(each * size) }));
    const images: Images = { count: 3 * each, height: side, width: side, chunks };
    const last = 3 * each - 1;
    expect(last * size).toBeGreaterThan(2 ** 32);
    (await pixelsOf(images, last)).fill(255);
    (await pixelsOf(images, each)).fill(51);
    const batch = await threads(copies, 1).fill(images, { rows: Int32Array.of(last, last - 1, each, each - 1) });
    const firsts = [0, 1, 2, 3].map((i) => batch[i * size] as number);
    expect(firsts.map((v) => Math.round((v + 1) * 127.5))).toEqual([255, 0, 51, 0]);
    expect(() => pixelsOf(images, 3 * each)).toThrow(RangeError);
  });

  it('that are too many for the memory are refused before they are read', async () => {
    const files = shards.map((file) => ({ ...file, bytes: 2 ** 50 }));
    await expect(loadImages(store, files, meta)).rejects.toMatchObject({ code: 'DatasetTooLarge' });
  });

  it('are loaded with progress by shard, which may stop it', async () => {
    const seen: string[] = [];
    const progress = async (done: number, of: number) => void seen.push(`${done}/${of}`);
    await loadDataset(store, dataset, { progress });
    expect(seen).toEqual(shards.map((_, i) => `${i + 1}/${shards.length}`));
    const stop = async () => Promise.reject(new Error('cancelled'));
    await expect(loadDataset(store, dataset, { progress: stop })).rejects.toThrow('cancelled');
  });
});
