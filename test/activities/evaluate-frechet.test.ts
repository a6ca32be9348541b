import { beforeAll, describe, expect, it } from 'vitest';
import { stage as frechet } from '../../activities/evaluate-frechet/stage.ts';
import { stage as trainStage } from '../../activities/recognizer-train/stage.ts';
import { readMetricsOf } from '../../artifacts/codecs/metrics.ts';
import { frechetKind } from '../../artifacts/codecs/metrics-kinds.ts';
import { scoresCodec } from '../../artifacts/codecs/scores.ts';
import { DatasetWriter } from '../../artifacts/dataset.ts';
import { putEmbeddings, readEmbeddings } from '../../artifacts/embeddings.ts';
import { toJson } from '../../artifacts/finite.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { digestOf } from '../../core/digest.ts';
import type { JsonObject } from '../../core/errors.ts';
import type { Recompute } from '../../core/recompute.ts';
import { loadDataset } from '../../data/loader/load.ts';
import { loadRecompute } from '../../engine/registry.ts';
import { fitGaussian, frechetDistance } from '../../metrics/frechet.ts';
import { tf } from '../../nn/tf.ts';
import { Embedder, loadRecognizer } from '../../training/recognizer.ts';
import { memoryStore } from '../helpers/memory-store.ts';
import { recordOf } from '../helpers/record.ts';
import { float32, side, toyContext, toyDataset, toyPixels, toyTraining } from './toy.ts';

const store = memoryStore();
const context = toyContext(store);
const refs = {} as Record<'recognizer' | 'reference' | 'near' | 'copied', ArtifactRef>;

/** Photos of people, and after those of each a copy of one photo, as oversampling adds it. */
const copied = async (identities: number, images: number, first: number) => {
  const writer = new DatasetWriter(store, { height: side, width: side });
  for (let identity = 0; identity < identities; identity++)
    for (let image = 0; image <= images; image++)
      await writer.add({ identity, image, pixels: toyPixels(first + identity, image < images ? image : 99) });
  return writer.finish({ origin: 'generated', peopleShown: 'generated', generatedImages: images });
};

beforeAll(async () => {
  refs.reference = await toyDataset(store, 10, 6);
  refs.near = await toyDataset(store, 10, 5, 10);
  refs.copied = await copied(10, 5, 10);
  const training = { data: refs.reference, ...toyTraining, epochs: 1, milestones: [], warmup: 0 };
  refs.recognizer = (await trainStage.run(training as never, context)).weights as ArtifactRef;
});

const measure = async (given: { data?: ArtifactRef; reference?: ArtifactRef; images?: number } = {}, seed = 7) => {
  const { near: data, reference, recognizer } = refs;
  const params = { data, reference, recognizer, images: 10_000, ...float32, ...given };
  const outputs = await frechet.run(params, toyContext(store, seed));
  const scores = await scoresCodec.read(store, outputs.scores as ArtifactRef);
  return {
    ...{ params, outputs, meta: scores.meta },
    found: await readMetricsOf(store, outputs.metrics as ArtifactRef, frechetKind),
    data: await readEmbeddings(store, scores, 'data'),
    reference: await readEmbeddings(store, scores, 'reference'),
  };
};

/** Embeddings of all images of a set, as they are. */
const embedded = async (ref: ArtifactRef) => {
  const recognizer = await loadRecognizer(store, refs.recognizer);
  const embedder = new Embedder(recognizer, { view: 'plain', ...float32 });
  const all = await embedder.embed(await loadDataset(store, ref), context);
  const { size } = embedder;
  embedder.dispose();
  tf.dispose(recognizer.weights);
  return fitGaussian(all, size);
};

describe('evaluate/frechet', () => {
  it('is the distance between Gaussians of all images, where there are no more than asked for', async () => {
    const { found } = await measure();
    const wanted = frechetDistance(await embedded(refs.near), await embedded(refs.reference));
    expect(found.distance).toBeCloseTo(wanted.distance, 6);
    expect(found).toMatchObject({ images: 50, referenceImages: 60, dimensions: 16 });
    expect([found.recognizer, found.reference]).toEqual([refs.recognizer.digest, refs.reference.digest]);
    expect(found.distance).toBeGreaterThan(0.01);
  });

  it('is nothing between a set and itself', async () => {
    expect((await measure({ data: refs.reference })).found.distance).toBeLessThan(1e-6);
  });

  it('leaves out copies of inquiry images', async () => {
    const [whole, without] = [await measure(), await measure({ data: refs.copied })];
    expect(without.found.images).toBe(50);
    expect(without.found.distance).toBeCloseTo(whole.found.distance, 6);
  });

  it('draws as many images as asked for from each set, other ones by another seed, none twice', async () => {
    const [first, again, other] = [
      await measure({ images: 20 }),
      await measure({ images: 20 }),
      await measure({ images: 20 }, 8),
    ];
    expect(first.meta).toEqual({ of: 'embeddings', embedded: 20, referenceEmbedded: 20, dimensions: 16 });
    const drawn = ({ data, reference }: typeof first) =>
      [data, reference].map(({ identity, image }) => [...identity].map((each, i) => `${each}/${image[i]}`));
    for (const names of drawn(first)) expect(new Set(names).size).toBe(20);
    expect(again.outputs).toEqual(first.outputs);
    expect(drawn(other)).not.toEqual(drawn(first));
    // Not the first of the set: all people have their chance.
    expect(new Set(first.reference.identity).size).toBeGreaterThan(4);
  });

  it('compares every set with the same images of the reference', async () => {
    const [one, two] = [await measure({ images: 20 }), await measure({ images: 20, data: refs.copied })];
    expect(two.reference).toEqual(one.reference);
  });

  it('refuses a set of one image', async () => {
    await expect(measure({ data: await toyDataset(store, 1, 1) })).rejects.toMatchObject({
      code: 'FrechetInvalid',
      message: 'data must have at least 2 images to fit a Gaussian to, got 1',
    });
  });

  it('is recomputed from the embeddings, to the very digits', async () => {
    const { params, outputs, found } = await measure({ images: 20 });
    const recompute = (await loadRecompute('evaluate/frechet')) as Recompute;
    const action = {
      kind: 'evaluate/frechet',
      params: toJson(params, 'params') as JsonObject,
      seed: 7,
      code: digestOf('x'),
    };
    expect(await recompute(recordOf(action, outputs), store)).toEqual({
      output: 'metrics',
      metrics: found,
      from: 'from embeddings of images',
    });
    const { scores: _, ...wrong } = outputs;
    const swapped = { ...wrong, scores: { type: 'scores', digest: await otherScores() } as ArtifactRef };
    await expect(recompute(recordOf(action, swapped), store)).rejects.toMatchObject({ code: 'ScoresInvalid' });
  });
});

/** Scores that are no embeddings. */
const otherScores = async () => (await scoresCodec.write(store, { images: 1 }, [])).digest;

describe('embeddings of a set', () => {
  it('are read again as they were, and refused where they do not fit each other', async () => {
    const embedded = {
      ...{ embeddings: Float32Array.from({ length: 6 }, (_, i) => i), size: 3 },
      ...{ identity: Int32Array.of(4, 4), image: Int32Array.of(0, 1) },
    };
    const read = async (change = {}) => {
      const files = await putEmbeddings(store, 'data', { ...embedded, ...change });
      return readEmbeddings(store, { ref: refs.near, files }, 'data');
    };
    expect(await read()).toEqual(embedded);
    await expect(readEmbeddings(store, { ref: refs.near, files: [] }, 'data')).rejects.toMatchObject({
      code: 'TensorsMissing',
    });
    await expect(read({ image: Int32Array.of(0) })).rejects.toThrow();
  });
});
