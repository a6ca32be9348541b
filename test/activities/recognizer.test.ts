import { beforeAll, describe, expect, it } from 'vitest';
import { stage as centersStage } from '../../activities/centers-compute/stage.ts';
import { stage as similarityStage } from '../../activities/evaluate-similarity/stage.ts';
import { stage as verificationStage } from '../../activities/evaluate-verification/stage.ts';
import { stage as inquiryStage } from '../../activities/inquiry-select/stage.ts';
import { stage as trainStage } from '../../activities/recognizer-train/stage.ts';
import { loadWeights, writeWeights } from '../../artifacts/codecs/weights.ts';
import { DatasetWriter } from '../../artifacts/dataset.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { type Images, pixelsOf } from '../../data/images.ts';
import { loadInquiries } from '../../data/inquiries.ts';
import { loadDataset } from '../../data/loader/load.ts';
import { decodeSafetensors, type SafeTensor } from '../../formats/safetensors.ts';
import { verificationMetrics } from '../../metrics/verification.ts';
import { tf } from '../../nn/tf.ts';
import { Embedder, type LoadedRecognizer, loadRecognizer, withEmbedder } from '../../training/recognizer.ts';
import { allPixels, imagesFrom } from '../helpers/images.ts';
import { memoryStore } from '../helpers/memory-store.ts';
import { float32, side, toyBenchmarks, toyContext, toyDataset, toyPixels, toyTraining } from './toy.ts';

const context = toyContext();
const { store } = context;
const refs = {} as Record<'data' | 'weights' | 'log', ArtifactRef>;
let loaded: LoadedRecognizer;

/** What the stages do with an embedder that stays loaded. */
const embedImages = async (
  recognizer: LoadedRecognizer,
  ...given: Parameters<Embedder['embed']>
): Promise<Float32Array> => {
  const embedder = new Embedder(recognizer, { view: 'plain', ...float32 });
  try {
    return await embedder.embed(...given);
  } finally {
    embedder.dispose();
  }
};

const json = async (ref: ArtifactRef | undefined) => {
  const { files } = await store.getArtifact(ref as ArtifactRef);
  return JSON.parse(
    (await store.getBlob(files.find(({ path }) => path === 'metrics.json')?.digest as never)).toString(),
  );
};
const tensors = async (ref: ArtifactRef | undefined, path: string): Promise<Record<string, SafeTensor>> => {
  const { files } = await store.getArtifact(ref as ArtifactRef);
  return decodeSafetensors(await store.getBlob(files.find((file) => file.path === path)?.digest as never));
};
const cosine = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  const dot = (x: ArrayLike<number>, y: ArrayLike<number>): number =>
    Array.from(x).reduce((sum, v, i) => sum + v * (y[i] as number), 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
};
const row = (matrix: Float32Array, i: number, size = 16): Float32Array => matrix.subarray(i * size, (i + 1) * size);

beforeAll(async () => {
  refs.data = await toyDataset(store, 12, 20);
  const { weights, log } = await trainStage.run({ data: refs.data, ...toyTraining } as never, context);
  Object.assign(refs, { weights, log });
  loaded = await loadRecognizer(store, refs.weights);
});

describe('recognizer/train', () => {
  it('learns its set, and logs loss, accuracy and rate an epoch', async () => {
    const { kind, series } = await json(refs.log);
    expect(kind).toBe('training');
    expect(series.loss.steps).toEqual([7, 14, 21, 28, 35, 42]);
    expect(series.loss.values.at(-1)).toBeLessThan(series.loss.values[0] / 2);
    expect(series.accuracy.values.at(-1)).toBeGreaterThan(0.8);
    expect(series.rate.values[0]).toBeCloseTo((0.05 / 3 + 0.1 / 3 + 0.05 * 5) / 7, 9);
    expect(series.rate.values.at(-1)).toBeCloseTo(0.005, 9);
    expect(context.steps.filter(({ phase }) => phase === 'train').length).toBe(42);
  });

  it('stores the backbone in PyTorch layout under its names, and the head beside it', async () => {
    const { meta } = await store.getArtifact(refs.weights);
    expect(meta).toMatchObject({
      imageSize: side,
      classes: 12,
      data: refs.data.digest,
      network: { family: 'recognizer', widths: [16, 32] },
    });
    const stored = await loadWeights(store, refs.weights);
    expect(stored['body.1.shortcut_layer.0.weight']?.shape).toEqual([32, 16, 1, 1]);
    expect(stored['output_layer.3.weight']?.shape).toEqual([16, 32 * 3 * 3]);
    expect(stored['head.kernel']?.shape).toEqual([16, 12]);
    expect(stored['head.batch_mean']?.data[0]).not.toBe(20);
  });

  it('gives the same digests again from an empty store, and others from another seed', async () => {
    const short = { ...toyTraining, epochs: 1, network: { ...toyTraining.network, dropout: 0.2 } };
    const run = async (seed: number) => {
      const other = toyContext(memoryStore(), seed);
      return trainStage.run({ data: await toyDataset(other.store, 4, 10), ...short } as never, other);
    };
    const before = tf.memory().numTensors;
    const [a, b, c] = [await run(1), await run(1), await run(2)];
    expect(tf.memory().numTensors).toBe(before);
    expect(a).toEqual(b);
    expect(a.weights).not.toEqual(c.weights);
  });

  it('refuses a set smaller than one batch, and says what diverged', async () => {
    const small = await toyDataset(store, 2, 3);
    await expect(trainStage.run({ data: small, ...toyTraining } as never, context)).rejects.toMatchObject({
      code: 'TooFewImages',
    });
    const wild = { ...toyTraining, lr: 1e30, warmup: 0, epochs: 2 };
    await expect(trainStage.run({ data: refs.data, ...wild } as never, context)).rejects.toMatchObject({
      code: 'Diverged',
    });
  });
});

describe('embedding', () => {
  it('does not depend on what else is in the batch or the set, and leaves no tensors', async () => {
    const data = await loadDataset(store, refs.data);
    const before = tf.memory().numTensors;
    const all = await embedImages(loaded, data, context);
    const rows = Int32Array.from({ length: 10 }, (_, i) => 130 + i);
    const some = await embedImages(loaded, data, context, { rows });
    expect(tf.memory().numTensors).toBe(before);
    for (let i = 0; i < 10; i++) expect(cosine(row(all, 130 + i), row(some, i))).toBeGreaterThan(1 - 1e-6);
    for (let i = 0; i < 10; i++) expect(Math.hypot(...row(some, i))).toBeCloseTo(1, 5);
  });

  it('adds the mirror image for verification', async () => {
    const data = await loadDataset(store, refs.data);
    const embedder = new Embedder(loaded, { view: 'both', ...float32 });
    const both = await embedder.embed(data, context);
    embedder.dispose();
    const pixels = await allPixels(data);
    const flipped = Uint8Array.from(pixels, (_, i) => {
      const [channel, x] = [i % 3, Math.floor(i / 3) % side];
      return pixels[i - channel - x * 3 + (side - 1 - x) * 3 + channel] as number;
    });
    const other = new Embedder(loaded, { view: 'both', ...float32 });
    const mirrored = await other.embed(imagesFrom(flipped, side, side), context);
    other.dispose();
    for (const i of [0, 77, 239]) expect(cosine(row(both, i), row(mirrored, i))).toBeGreaterThan(1 - 1e-5);
  });

  it('keeps a loaded recognizer apart by view and precision', async () => {
    const data = await loadDataset(store, refs.data);
    const rows = Int32Array.of(0);
    const ways = [
      { view: 'plain', ...float32 },
      { view: 'both', ...float32 },
      { view: 'plain', precision: 'bfloat16' },
    ] as const;
    const embeddings = await Promise.all(
      ways.map((way) => withEmbedder(store, refs.weights, way, (embedder) => embedder.embed(data, context, { rows }))),
    );
    const [plain, both, low] = embeddings as [Float32Array, Float32Array, Float32Array];
    expect(both).not.toEqual(plain);
    expect(low).not.toEqual(plain);
    expect(cosine(plain, low)).toBeGreaterThan(0.999);
  });

  it('refuses images of another size, and weights that are no recognizer', async () => {
    const wide = imagesFrom(new Uint8Array(48), 4, 4);
    await expect(embedImages(loaded, wide, context)).rejects.toMatchObject({ code: 'SizeMismatch' });
    const other = await writeWeights(store, {}, { network: { family: 'unet' } });
    await expect(loadRecognizer(store, other)).rejects.toMatchObject({ code: 'ArtifactInvalid' });
  });

  it('keeps weights that are too large for one blob in several files', async () => {
    const big = (value: number): SafeTensor => ({
      dtype: 'F32',
      shape: [9 * 2 ** 20],
      data: new Float32Array(9 * 2 ** 20).fill(value),
    });
    const ref = await writeWeights(store, { a: big(1), b: big(2) }, { network: { family: 'test' } });
    const { files } = await store.getArtifact(ref);
    expect(files.map(({ path }) => path)).toEqual([
      'model-00001-of-00002.safetensors',
      'model-00002-of-00002.safetensors',
      'model.safetensors.index.json',
    ]);
    expect((await loadWeights(store, ref)).b?.data[5]).toBe(2);
  });
});

describe('centers/compute', () => {
  it('takes unit classifier columns, each image compared with its own', async () => {
    const { centers: ref } = await centersStage.run(
      { data: refs.data, recognizer: refs.weights, source: 'classifier', groups: 5, ...float32 },
      context,
    );
    const { centers, similarity, group, labels } = await tensors(ref, 'centers.safetensors');
    const data = await loadDataset(store, refs.data);
    const embeddings = await embedImages(loaded, data, context);
    expect(centers?.shape).toEqual([12, 16]);
    const column = Array.from({ length: 16 }, (_, k) => loaded.kernel[k * 12 + 5] as number);
    expect(cosine(column, row(centers?.data as Float32Array, 5))).toBeCloseTo(1, 5);
    expect(Math.hypot(...row(centers?.data as Float32Array, 5))).toBeCloseTo(1, 5);
    for (const i of [0, 111, 239]) {
      const label = labels?.data[i] as number;
      expect(similarity?.data[i]).toBeCloseTo(cosine(row(embeddings, i), row(centers?.data as Float32Array, label)), 4);
    }
    const { meta } = await store.getArtifact(ref as ArtifactRef);
    const groups = meta.groups as { images: number; mean: number; lowest: number; highest: number }[];
    expect(groups.map(({ images }) => images)).toEqual([48, 48, 48, 48, 48]);
    for (let g = 1; g < 5; g++) expect(groups[g]?.mean).toBeLessThan(groups[g - 1]?.mean as number);
    expect(Array.from(group?.data as Int32Array).filter((g) => g === 0).length).toBe(48);
  });

  it('takes mean embeddings for any set, and refuses the classifier for a set that it was not trained on', async () => {
    const other = await toyDataset(store, 12, 5, 50);
    const { centers: ref } = await centersStage.run(
      { data: other, recognizer: refs.weights, source: 'mean', groups: 5, ...float32 },
      context,
    );
    const { centers, similarity } = await tensors(ref, 'centers.safetensors');
    const embeddings = await embedImages(loaded, await loadDataset(store, other), context);
    const sum = Array.from({ length: 16 }, (_, k) =>
      [10, 11, 12, 13, 14].reduce((s, i) => s + (row(embeddings, i)[k] as number), 0),
    );
    expect(cosine(sum, row(centers?.data as Float32Array, 2))).toBeCloseTo(1, 5);
    expect(similarity?.data[12]).toBeCloseTo(cosine(sum, row(embeddings, 12)), 4);
    await expect(
      centersStage.run({ data: other, recognizer: refs.weights, source: 'classifier', groups: 5, ...float32 }, context),
    ).rejects.toMatchObject({ code: 'ClassifierMismatch' });
  });
});

describe('inquiry/select', () => {
  const params = { count: 5, maxSimilarity: 0.5, threshold: null, imagesPerIdentity: 1, ...float32 };

  it('chooses first images in order, every pair below the limit; more begin with the same ones', async () => {
    const data = await toyDataset(store, 60, 2, 100);
    const select = async (count: number) => {
      const { inquiries } = await inquiryStage.run({ ...params, data, recognizer: refs.weights, count }, context);
      return loadInquiries(store, inquiries as ArtifactRef);
    };
    const [few, more] = [await select(3), await select(5)];
    expect([...more.identities.subarray(0, 3)]).toEqual([...few.identities]);
    expect(new Set(more.images)).toEqual(new Set([0]));
    expect(more.identities[0]).toBe(100);
    for (let i = 0; i < 5; i++) {
      for (let j = 0; j < i; j++)
        expect(cosine(row(more.embeddings, i), row(more.embeddings, j))).toBeLessThan(0.5 + 1e-5);
    }
    expect(Buffer.from(await pixelsOf(more.pictures as Images, 0))).toEqual(Buffer.from(toyPixels(100, 0)));
    expect(Buffer.from(await pixelsOf(more.pictures as Images, 4))).toEqual(
      Buffer.from(toyPixels(more.identities[4] as number, 0)),
    );
  });

  it('says how many there were where there are too few', async () => {
    const data = await toyDataset(store, 6, 1, 100);
    const run = inquiryStage.run({ ...params, data, recognizer: refs.weights, count: 7 }, context);
    await expect(run).rejects.toMatchObject({ code: 'TooFewInquiries', data: { candidates: 6 } });
    // A threshold that was measured has digits that no person needs.
    const measured = inquiryStage.run(
      { ...params, data, recognizer: refs.weights, count: 7, maxSimilarity: 0.46499999999999997 },
      context,
    );
    await expect(measured).rejects.toThrow('with pairwise similarity below 0.465 required, 6 candidates gave');
  });
});

describe('evaluate/verification', () => {
  it('reports the accuracy that the kept scores give', async () => {
    const benchmarks = await toyBenchmarks(store, 200);
    const before = tf.memory().numTensors;
    const out = await verificationStage.run({ recognizer: refs.weights, benchmarks, sets: [], ...float32 }, context);
    expect(tf.memory().numTensors).toBe(before);
    const { kind, sets, average } = await json(out.metrics);
    const scores = await tensors(out.scores, 'lfw.safetensors');
    const { files } = await store.getArtifact(out.scores as ArtifactRef);
    const kept = { distance: scores.distance?.data, same: scores.same?.data, fold: scores.fold?.data } as never;
    const again = verificationMetrics([['lfw', kept, files[0]?.digest as string]]);
    expect(kind).toBe('verification');
    expect(sets).toEqual(again.sets);
    expect(average).toBe(sets.lfw.accuracy);
    expect(sets.lfw.pairs).toBe(40);
    expect(sets.lfw.accuracy).toBeGreaterThan(0.7);
  });

  it('names the sets that exist when another is asked for', async () => {
    const benchmarks = await toyBenchmarks(store, 200);
    await expect(
      verificationStage.run({ recognizer: refs.weights, benchmarks, sets: ['ijb'], ...float32 }, context),
    ).rejects.toMatchObject({ code: 'BenchmarkMissing', remedy: expect.stringContaining('lfw') });
  });
});

const fourInquiries = async (): Promise<ArtifactRef> => {
  const data = await toyDataset(store, 60, 1, 100);
  const params = { count: 4, maxSimilarity: 0.5, threshold: null, imagesPerIdentity: 1, ...float32 };
  const made = await inquiryStage.run({ data, recognizer: refs.weights, ...params }, context);
  return made.inquiries as ArtifactRef;
};

describe('evaluate/similarity', () => {
  it('compares generated images with the inquiry of their identity, and leaves copies of it out', async () => {
    const inquiries = await fourInquiries();
    const chosen = await loadInquiries(store, inquiries);
    const writer = new DatasetWriter(store, { height: side, width: side });
    for (let k = 0; k < 4; k++) {
      const person = chosen.identities[k] as number;
      for (const image of [0, 1, 2]) await writer.add({ identity: k, image, pixels: toyPixels(person, image + 1) });
      for (const image of [3, 4]) await writer.add({ identity: k, image, pixels: toyPixels(person, 0) });
    }
    const data = await writer.finish({ origin: 'generated', peopleShown: 'generated', generatedImages: 3 });
    const { metrics } = await similarityStage.run({ data, inquiries, recognizer: refs.weights, ...float32 }, context);
    const found = await json(metrics);
    const embeddings = await embedImages(loaded, await loadDataset(store, data), context);
    const wanted = [0, 1, 2].map((i) => cosine(row(embeddings, 5 + i), row(chosen.embeddings, 1)));
    expect(found.images).toBe(12);
    expect(found.perIdentity.mean[1]).toBeCloseTo(wanted.reduce((a, b) => a + b) / 3, 4);
    expect(found.mean).toBeCloseTo(found.perIdentity.mean.reduce((a: number, b: number) => a + b) / 4, 6);
    expect(found.histogram.counts.reduce((a: number, b: number) => a + b)).toBe(12);
    expect(found.bins.identities.reduce((a: number, b: number) => a + b)).toBe(4);
  });

  it('refuses a set whose identities have no inquiry', async () => {
    const inquiries = await fourInquiries();
    const source = await toyDataset(store, 60, 1, 100);
    await expect(
      similarityStage.run({ data: source, inquiries, recognizer: refs.weights, ...float32 }, context),
    ).rejects.toMatchObject({
      code: 'InquiryMissing',
    });
  });
});
