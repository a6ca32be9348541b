import { describe, expect, it } from 'vitest';
import { loadSamples, SamplePlanner, type Samples } from '../../activities/recognizer-train/samples.ts';
import { stage } from '../../activities/recognizer-train/stage.ts';
import { datasetCodec } from '../../artifacts/codecs/dataset.ts';
import { readMetricsOf } from '../../artifacts/codecs/metrics.ts';
import { trainingKind } from '../../artifacts/codecs/metrics-kinds.ts';
import { recognizerOf } from '../../artifacts/codecs/recognizer.ts';
import { weightsCodec } from '../../artifacts/codecs/weights.ts';
import { DatasetWriter } from '../../artifacts/dataset.ts';
import { writeSoftLabels } from '../../artifacts/soft-labels.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { type AugmentRecipe, maker as augmented } from '../../data/loader/augmented.ts';
import { loadDataset } from '../../data/loader/load.ts';
import { inProcess } from '../../data/loader/workers.ts';
import { squareSide } from '../../nn/recognizer/config.ts';
import type { InputContext } from '../../training/input.ts';
import { hasStalled, plateauFactor } from '../../training/plateau.ts';
import { loadRecognizer, requireImageSize, withEmbedder } from '../../training/recognizer.ts';
import { float32, side, toyBenchmarks, toyContext, toyDataset, toyPixels, toyTraining } from './toy.ts';

const context = toyContext();
const { store } = context;
const input: InputContext<AugmentRecipe> = { ...context, workers: inProcess(augmented) };
const augment = { cropScale: [1, 1], flip: 0, jitter: 0, erase: 0, eraseScale: [0.02, 0.1] } as const;
const options = { augment, seed: 7, batch: 8, epochs: 2 };

/** Four people of four images; image k of each belongs to the next person too. */
const soft = async (): Promise<ArtifactRef> => {
  const plain = await datasetCodec.read(store, await toyDataset(store, 4, 4));
  const second = Int32Array.from({ length: 16 }, (_, i) => (Math.floor(i / 4) + 1) % 4);
  const ratio = Float32Array.from({ length: 16 }, (_, i) => (i % 4) / 4);
  const { meta } = await store.getArtifact(plain.ref);
  return store.putArtifact({
    type: 'dataset',
    meta,
    files: [...plain.files, await writeSoftLabels(store, { second, ratio })],
  });
};

const rowsOf = (samples: Samples, steps: number) =>
  Array.from({ length: steps }, (_, step) => new SamplePlanner(samples, options).at(step));

describe('what a recognizer learns from', () => {
  it('one set: as ever, its images in the order of each epoch', async () => {
    const samples = await loadSamples(input, await toyDataset(store, 4, 4), null);
    const [first, second] = rowsOf(samples, 2);
    expect([...(first?.recipe.rows ?? []), ...(second?.recipe.rows ?? [])].sort((a, b) => a - b)).toEqual(
      Array.from({ length: 16 }, (_, i) => i),
    );
    expect(first?.soft).toBeUndefined();
    expect([...(first?.labels ?? [])]).toEqual([...(first?.recipe.rows ?? [])].map((row) => samples.all.labels[row]));
  });

  it('two sets side by side: each batch has its share of the second, whose people are further classes', async () => {
    const others = await toyDataset(store, 3, 4, 20);
    const samples = await loadSamples(input, await toyDataset(store, 4, 4), {
      data: others,
      use: 'beside',
      share: 0.25,
    });
    expect(samples.all.classes).toBe(7);
    const planner = new SamplePlanner(samples, options);
    // 16 images of the first set, 6 a batch.
    expect([planner.stepsPerEpoch, planner.steps]).toEqual([2, 4]);
    const places = new Set<number>();
    for (const [step, { recipe, labels }] of rowsOf(samples, 4).entries()) {
      const second = [...recipe.rows].filter((row) => row >= 16);
      expect(second.length).toBe(2);
      for (const row of second) places.add(recipe.rows.indexOf(row));
      expect([...labels]).toEqual(
        [...recipe.rows].map((row) => (row < 16 ? Math.floor(row / 4) : 4 + Math.floor((row - 16) / 4))),
      );
      // The second set goes round at its own pace: 12 images, two a step.
      expect(recipe.second).toEqual({ from: 16, epoch: Math.floor(step / 6) });
    }
    expect(places.size).toBeGreaterThan(4);
  });

  it('two sets blended: ratios even on 0, 0.05, … 1, and shares that say whose face is how much in the image', async () => {
    const others = await toyDataset(store, 3, 4, 20);
    const samples = await loadSamples(input, await toyDataset(store, 4, 4), {
      data: others,
      use: 'blended',
      share: 0.5,
    });
    const planner = new SamplePlanner(samples, { ...options, epochs: 2000 });
    const counts = new Map<number, number>();
    for (let step = 0; step < 2100; step++) {
      const { recipe, labels, soft: shares } = planner.at(step);
      const ratio = recipe.blend?.share as number;
      counts.set(ratio, (counts.get(ratio) ?? 0) + 1);
      expect(recipe.blend?.rows.every((row) => row >= 16 && row < 28)).toBe(true);
      expect(shares?.targets[0]).toBe(labels[0]);
      expect(shares?.targets[1]).toBe(samples.all.labels[recipe.blend?.rows[0] as number]);
      expect([...(shares?.shares.slice(0, 2) ?? [])]).toEqual([Math.fround(ratio), Math.fround(1 - ratio)]);
    }
    expect([...counts.keys()].sort((a, b) => a - b)).toEqual(Array.from({ length: 21 }, (_, i) => i / 20));
    for (const count of counts.values()) expect(Math.abs(count - 100)).toBeLessThan(50);
  });

  it('blends the pixels of both images, each augmented', async () => {
    const set = await loadDataset(store, await toyDataset(store, 4, 4));
    const recipe: AugmentRecipe = { rows: Int32Array.of(2, 3), augment, seed: 7, epoch: 0 };
    const [one, two] = [
      await augmented.fill(set, recipe),
      await augmented.fill(set, { ...recipe, rows: Int32Array.of(9, 5) }),
    ];
    const blend = { rows: Int32Array.of(9, 5), share: 0.3, epoch: 4 };
    const both = await augmented.fill(set, { ...recipe, blend });
    both.forEach((value, i) => {
      expect(value).toBeCloseTo(0.3 * (one[i] as number) + 0.7 * (two[i] as number), 5);
    });
    // Each image in an epoch of its own.
    const strong = { ...augment, jitter: 0.3 };
    const early = await augmented.fill(set, { ...recipe, augment: strong, blend: { ...blend, share: 0 } });
    const late = await augmented.fill(set, { rows: blend.rows, augment: strong, seed: 7, epoch: 4 });
    expect(early).toEqual(late);
  });

  it('images of two people each: own class and share, then the other, and both beside a blend', async () => {
    const ref = await soft();
    const samples = await loadSamples(input, ref, null);
    const { recipe, soft: made } = new SamplePlanner(samples, options).at(0);
    [...recipe.rows].forEach((row, i) => {
      const [own, ratio] = [Math.floor(row / 4), (row % 4) / 4];
      expect([...(made?.targets.slice(2 * i, 2 * i + 2) ?? [])]).toEqual([own, (own + 1) % 4]);
      expect([...(made?.shares.slice(2 * i, 2 * i + 2) ?? [])]).toEqual([ratio, 1 - ratio]);
    });
    const others = await toyDataset(store, 3, 4, 20);
    const blended = await loadSamples(input, ref, { data: others, use: 'blended', share: 0.5 });
    const step = new SamplePlanner(blended, options).at(3);
    const share = step.recipe.blend?.share as number;
    const [a, b, c] = step.soft?.shares ?? [];
    expect((a as number) + (b as number)).toBeCloseTo(share, 6);
    expect(c).toBeCloseTo(1 - share, 6);
    const beside = await loadSamples(input, ref, { data: others, use: 'beside', share: 0.5 });
    const mixed = new SamplePlanner(beside, options).at(0);
    [...mixed.recipe.rows].forEach((row, i) => {
      if (row >= 16) expect([...(mixed.soft?.shares.slice(2 * i, 2 * i + 2) ?? [])]).toEqual([1, 0]);
    });
  });

  it('refuses sets of different sizes, and a person who has no image', async () => {
    const writer = new DatasetWriter(store, { height: side, width: side + 2 });
    await writer.add({ identity: 0, image: 0, pixels: new Uint8Array(side * (side + 2) * 3) });
    const wide = await writer.finish({ origin: 'procedural', peopleShown: 'drawn' });
    await expect(
      loadSamples(input, await toyDataset(store, 4, 4), { data: wide, use: 'beside', share: 0.5 }),
    ).rejects.toMatchObject({
      code: 'SizeMismatch',
    });
    const plain = await datasetCodec.read(store, await toyDataset(store, 2, 1));
    const { meta } = await store.getArtifact(plain.ref);
    const file = await writeSoftLabels(store, { second: Int32Array.of(5, 0), ratio: Float32Array.of(1, 1) });
    const ref = await store.putArtifact({ type: 'dataset', meta, files: [...plain.files, file] });
    await expect(loadSamples(input, ref, null)).rejects.toMatchObject({ code: 'DatasetInvalid' });
  });
});

describe('recognizer/train', () => {
  const network = {
    preset: 'small',
    stemWidth: 4,
    stemStride: 1,
    widths: [4],
    depths: [1],
    strides: [2],
    embedding: 4,
  } as const;
  const short = { ...toyTraining, network, epochs: 2, batch: 8, microBatch: 0, recompute: false };

  it('learns soft labels beside a second set, in micro-batches and whole', async () => {
    const params = {
      ...short,
      data: await soft(),
      second: { data: await toyDataset(store, 3, 4, 20), use: 'blended', share: 0.5 } as const,
    };
    for (const microBatch of [0, 4]) {
      const { weights } = await stage.run({ ...params, microBatch }, context);
      expect(recognizerOf(await weightsCodec.read(store, weights as ArtifactRef)).classes).toBe(7);
    }
  }, 60_000);

  it('takes images that are not square, and its weights embed them', async () => {
    const writer = new DatasetWriter(store, { height: side, width: 8 });
    for (let i = 0; i < 16; i++) {
      const [identity, image] = [Math.floor(i / 4), i % 4];
      const square = toyPixels(identity, image);
      const pixels = Uint8Array.from({ length: side * 8 * 3 }, (_, k) => {
        const [row, rest] = [Math.floor(k / 24), k % 24];
        return square[row * side * 3 + 6 + rest] as number;
      });
      await writer.add({ identity, image, pixels });
    }
    const data = await writer.finish({ origin: 'procedural', peopleShown: 'drawn' });
    const weights = (await stage.run({ ...short, data }, context)).weights as ArtifactRef;
    const { config } = recognizerOf(await weightsCodec.read(store, weights));
    expect(config.imageSize).toEqual([side, 8]);
    const set = await loadDataset(store, data);
    const rows = await withEmbedder(store, weights, { view: 'plain', ...float32 }, (embedder) =>
      embedder.embed(set, context),
    );
    expect(rows.length).toBe(16 * config.embedding);
    const loaded = await loadRecognizer(store, weights);
    expect(() => requireImageSize(loaded, { height: side, width: side })).toThrow(/takes 12 × 8 images/);
    expect(() => squareSide(config)).toThrow(/square/);
  }, 60_000);

  it('shortens gradients: with a tiny limit the weights hardly move', async () => {
    const data = await toyDataset(store, 4, 4);
    const free = await stage.run({ ...short, data, weightDecay: 0 }, context);
    const bound = await stage.run({ ...short, data, weightDecay: 0, clip: 1e-6 }, context);
    const first = await stage.run({ ...short, data, weightDecay: 0, clip: 1e-9 }, context);
    const kernel = async (outputs: typeof free): Promise<Float32Array> =>
      (await loadRecognizer(store, outputs.weights as ArtifactRef)).kernel;
    const [a, b, c] = [await kernel(free), await kernel(bound), await kernel(first)];
    const apart = (x: Float32Array, y: Float32Array): number =>
      Math.max(...x.map((value, i) => Math.abs(value - (y[i] as number))));
    expect(apart(b, c)).toBeLessThan(1e-6);
    expect(apart(a, c)).toBeGreaterThan(1e-3);
  }, 60_000);

  it('a plateau lowers the rate that the log shows, and ends the training; without validation it is refused', async () => {
    const data = await toyDataset(store, 4, 4);
    const plateau = { patience: 0, factor: 0.5, stop: 3 };
    const still = { ...short, data, epochs: 12, milestones: [], warmup: 0, lr: 1e-12, validateEvery: 1 };
    await expect(stage.run({ ...still, plateau }, context)).rejects.toMatchObject({ code: 'ValidationMissing' });
    const judged = await toyBenchmarks(store, 20);
    const outputs = await stage.run({ ...still, plateau, validation: judged }, context);
    const { meta } = await store.getArtifact(outputs.weights as ArtifactRef);
    expect(meta.scheduled).toEqual({ by: judged.digest });
    const { rate, validation } = (await readMetricsOf(store, outputs.log as ArtifactRef, trainingKind)).series;
    const values = validation?.values ?? [];
    // Weights that do not move: running statistics alone do, and with them what is validated.
    expect([hasStalled(values.slice(0, -1), plateau), hasStalled(values, plateau)]).toEqual([false, true]);
    expect(values.length).toBeLessThan(12);
    expect(validation?.steps).toEqual(values.map((_, epoch) => 2 * (epoch + 1)));
    expect(rate?.values).toEqual(
      values.map((_, epoch) => expect.closeTo(1e-12 * plateauFactor(values.slice(0, epoch), plateau), 20)),
    );
    expect(rate?.values.at(-1)).toBeLessThan(0.6e-12);
  }, 60_000);
});
