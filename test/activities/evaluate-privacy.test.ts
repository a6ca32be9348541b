import { beforeAll, describe, expect, it } from 'vitest';
import { enrol, search } from '../../activities/evaluate-privacy/search.ts';
import { stage as privacyStage } from '../../activities/evaluate-privacy/stage.ts';
import { stage as inquiryStage } from '../../activities/inquiry-select/stage.ts';
import { stage as trainStage } from '../../activities/recognizer-train/stage.ts';
import { inquiriesCodec, putInquiryRows } from '../../artifacts/codecs/inquiries.ts';
import { readMetricsOf } from '../../artifacts/codecs/metrics.ts';
import { privacyKind } from '../../artifacts/codecs/metrics-kinds.ts';
import { readNearest, scoresCodec } from '../../artifacts/codecs/scores.ts';
import { DatasetWriter } from '../../artifacts/dataset.ts';
import { toJson } from '../../artifacts/finite.ts';
import { drawnPeople } from '../../artifacts/people.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { digestOf } from '../../core/digest.ts';
import type { JsonObject } from '../../core/errors.ts';
import type { Recompute } from '../../core/recompute.ts';
import { loadInquiries } from '../../data/inquiries.ts';
import { loadDataset } from '../../data/loader/load.ts';
import { loadRecompute } from '../../engine/registry.ts';
import { unitRows } from '../../metrics/centers.ts';
import { rowCosine } from '../../metrics/similarity.ts';
import { tf } from '../../nn/tf.ts';
import { Embedder, loadRecognizer } from '../../training/recognizer.ts';
import { memoryStore } from '../helpers/memory-store.ts';
import { recordOf } from '../helpers/record.ts';
import { float32, side, toyContext, toyDataset, toyPixels, toyTraining } from './toy.ts';

const store = memoryStore();
const context = toyContext(store);
const refs = {} as Record<'recognizer' | 'train' | 'inquiries' | 'data' | 'real' | 'strangers', ArtifactRef>;

/** The people whom subjects 0 … 3 show; the first two are the inquiries' own, 40 and 41 are people of the real set. */
let people: number[];

beforeAll(async () => {
  refs.train = await toyDataset(store, 12, 20);
  refs.recognizer = await trained(refs.train);
  const candidates = await toyDataset(store, 60, 1, 100);
  const select = {
    data: candidates,
    recognizer: refs.recognizer,
    count: 4,
    maxSimilarity: 0.5,
    threshold: null,
    imagesPerIdentity: 1,
    ...float32,
  };
  refs.inquiries = (await inquiryStage.run(select, context)).inquiries as ArtifactRef;
  refs.real = await toyDataset(store, 4, 3, 40);
  refs.strangers = await toyDataset(store, 8, 2, 300);
  const chosen = await loadInquiries(store, refs.inquiries);
  people = [chosen.identities[0] as number, chosen.identities[1] as number, 40, 41];
  refs.data = await generated(people, 3, chosen.identities);
});

const trained = async (data: ArtifactRef, other = {}): Promise<ArtifactRef> =>
  (await trainStage.run({ data, ...toyTraining, ...other } as never, context)).weights as ArtifactRef;

const short = { batch: 8, epochs: 1, milestones: [], warmup: 0 };

/** Photos of people under the numbers of subjects, and after them a copy of the inquiry image, as oversampling adds it. */
const generated = async (shown: readonly number[], images: number, inquiries: ArrayLike<number>) => {
  const writer = new DatasetWriter(store, { height: side, width: side });
  for (const [k, person] of shown.entries()) {
    for (let image = 0; image < images; image++)
      await writer.add({ identity: k, image, pixels: toyPixels(person, image + 5) });
    await writer.add({ identity: k, image: images, pixels: toyPixels(inquiries[k] as number, 0) });
  }
  return writer.finish({ origin: 'generated', peopleShown: 'generated', generatedImages: images });
};

/** People who say who they are. */
const drawn = async (first: number, count: number, population = 'stranger'): Promise<ArtifactRef> => {
  const writer = new DatasetWriter(store, { height: side, width: side });
  for (let identity = first; identity < first + count; identity++)
    for (const image of [0, 1]) await writer.add({ identity, image, pixels: toyPixels(identity + 500, image) });
  const shown = [drawnPeople(7, population, first, count)];
  return writer.finish({ origin: 'procedural', peopleShown: 'drawn', people: shown });
};

type Given = Partial<Omit<Parameters<typeof privacyStage.run>[0], 'precision'>>;

const measure = async (given: Given = {}) => {
  const { data, real, strangers, recognizer } = refs;
  const params = { data, real, strangers, recognizer, fpir: 0.25, ...float32, ...given };
  const outputs = await privacyStage.run(params, context);
  const scores = await scoresCodec.read(store, outputs.scores as ArtifactRef);
  return {
    ...{ params, outputs, meta: scores.meta },
    found: await readMetricsOf(store, outputs.metrics as ArtifactRef, privacyKind),
    subjects: await readNearest(store, scores, 'generated'),
    strangers: await readNearest(store, scores, 'strangers'),
  };
};

/** Unit mean embeddings, image and mirror image added, of the first images of each identity, and of each image. */
const embedded = async (ref: ArtifactRef, images: number) => {
  const recognizer = await loadRecognizer(store, refs.recognizer);
  const embedder = new Embedder(recognizer, { view: 'both', ...float32 });
  const set = await loadDataset(store, ref);
  const { size } = embedder;
  const all = await embedder.embed(set, context);
  const sums = new Float32Array(set.classes * size);
  const single: number[] = [];
  for (let row = 0; row < set.count; row++)
    if ((set.images[row] as number) < images) {
      single.push(...all.subarray(row * size, (row + 1) * size));
      for (let k = 0; k < size; k++) {
        const at = (set.labels[row] as number) * size + k;
        sums[at] = (sums[at] as number) + (all[row * size + k] as number);
      }
    }
  embedder.dispose();
  tf.dispose(recognizer.weights);
  return { centers: unitRows(sums, size), single: Float32Array.from(single), size };
};

/** The highest cosine of each row of one matrix to those of another, and where. */
const highest = (probes: Float32Array, gallery: Float32Array, size: number) =>
  Array.from({ length: probes.length / size }, (_, k) => {
    const all = Array.from({ length: gallery.length / size }, (_, r) => rowCosine(probes, k, gallery, r, size));
    return { cosine: Math.max(...all), at: all.indexOf(Math.max(...all)) };
  });

const actionOf = (params: object) => ({
  kind: 'evaluate/privacy',
  params: toJson(params, 'params') as JsonObject,
  seed: 1,
  code: digestOf('x'),
});

describe('evaluate/privacy', () => {
  it('finds the nearest of the gallery for subjects and strangers, by as many images of each, without copies of inquiries', async () => {
    const { found, meta, subjects, strangers } = await measure();
    // Strangers have two images each, subjects three: two of each are used. The gallery keeps all of its own.
    expect(found.imagesPerIdentity).toBe(2);
    expect(meta).toEqual({
      ...{ of: 'nearest', identities: 4, images: 8, realIdentities: 4 },
      ...{ strangers: 8, strangerImages: 16, imagesPerIdentity: 2 },
    });
    const real = await embedded(refs.real, 99);
    for (const [ref, { identities, images }] of [
      [refs.data, subjects],
      [refs.strangers, strangers],
    ] as const) {
      const probes = await embedded(ref, 2);
      for (const [k, { cosine, at }] of highest(probes.centers, real.centers, real.size).entries()) {
        expect(identities.similarity[k]).toBeCloseTo(cosine, 4);
        expect(identities.nearest[k]).toBe(40 + at);
      }
      const single = highest(probes.single, real.centers, real.size);
      expect(images.similarity).toHaveLength(single.length);
      for (const [k, { cosine }] of single.entries()) expect(images.similarity[k]).toBeCloseTo(cosine, 4);
    }
    // Other photos of people of the real set are nearest to them.
    expect([...subjects.identities.nearest.subarray(2)]).toEqual([40, 41]);
    expect([...subjects.images.identity.subarray(2, 4)]).toEqual([1, 1]);
    expect([...subjects.images.image.subarray(2, 4)]).toEqual([0, 1]);
    expect([...strangers.identities.identity]).toEqual([300, 301, 302, 303, 304, 305, 306, 307]);
    expect(found.realIdentities).toBe(4);
    expect(found.ownInquiry).toBeUndefined();
  });

  it('sets the threshold by every second stranger, and counts the others and the subjects against it', async () => {
    const { found, subjects, strangers } = await measure();
    const cosines = [...strangers.identities.similarity];
    const set = [0, 2, 4, 6].map((k) => cosines[k] as number).sort((a, b) => b - a);
    const { threshold } = found.identities;
    expect(threshold).toBe(set[1]);
    expect(found.identities.strangers.count).toBe(
      [1, 3, 5, 7].filter((k) => (cosines[k] as number) > threshold).length,
    );
    expect(found.identities.generated.count).toBe(
      subjects.identities.similarity.filter((each) => each > threshold).length,
    );
    // Two of four subjects are people of the gallery.
    expect(found.identities.generated.count).toBeGreaterThanOrEqual(2);
    expect(found.images).toMatchObject({ strangers: { total: 8 }, generated: { total: 8 }, calibration: { total: 8 } });
  });

  it('uses no more images of strangers than a subject has', async () => {
    const data = await generated(people, 1, people);
    const { found, strangers } = await measure({ data });
    expect(found.imagesPerIdentity).toBe(1);
    expect([...strangers.images.image]).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
    for (const [k, cosine] of strangers.images.similarity.entries())
      expect(cosine).toBeCloseTo(strangers.identities.similarity[k] as number, 5);
  });

  it('uses of all as many images as the one with the fewest has', async () => {
    const writer = new DatasetWriter(store, { height: side, width: side });
    for (let identity = 300; identity < 308; identity++)
      for (let image = 0; image < (identity === 303 ? 1 : 2); image++)
        await writer.add({ identity, image, pixels: toyPixels(identity, image) });
    const uneven = await writer.finish({ origin: 'procedural', peopleShown: 'drawn' });
    const { found, meta } = await measure({ strangers: uneven });
    expect(found.imagesPerIdentity).toBe(1);
    expect(meta).toMatchObject({ images: 4, strangerImages: 8 });
  });

  it('counts apart whose nearest is its own inquiry, where the gallery is the inquiries', async () => {
    const { found, subjects } = await measure({ real: refs.inquiries });
    expect([...subjects.identities.nearest.subarray(0, 2)]).toEqual([0, 1]);
    expect(found.ownInquiry?.nearest.count).toBeGreaterThanOrEqual(2);
    expect(found.ownInquiry).toMatchObject({ chance: 0.25, nearest: { total: 4 } });
  });

  it('says whether the recognizer was trained on the gallery', async () => {
    expect((await measure()).found.trainedOnGallery).toBe(false);
    expect((await measure({ real: refs.train })).found.trainedOnGallery).toBe(true);
  });

  it('does not say so of a recognizer whose training set is not known', async () => {
    const { meta, files, ...manifest } = await store.getArtifact(refs.recognizer);
    const { data: _, ...rest } = meta;
    const recognizer = await store.putArtifact({ ...manifest, files, meta: rest } as never);
    expect('trainedOnGallery' in (await measure({ real: refs.train, recognizer })).found).toBe(false);
  });

  it.each(['real', 'inquiries', 'train'] as const)(
    'is computed again from what it kept, beside %s',
    async (gallery) => {
      const { params, outputs, found } = await measure({ real: refs[gallery] });
      const recompute = (await loadRecompute('evaluate/privacy')) as Recompute;
      const again = await recompute(recordOf(actionOf(params), outputs), store);
      expect(again).toMatchObject({ output: 'metrics', from: 'from nearest real identities' });
      expect(again.metrics).toEqual(found);
    },
  );

  it('is not computed again from scores of another kind', async () => {
    const { params, outputs } = await measure();
    const scores = await scoresCodec.write(store, { images: 1 }, []);
    const recompute = (await loadRecompute('evaluate/privacy')) as Recompute;
    await expect(recompute(recordOf(actionOf(params), { ...outputs, scores }), store)).rejects.toMatchObject({
      code: 'ScoresInvalid',
    });
  });

  it('finds the same however many images are in memory at once', async () => {
    const loaded = await loadRecognizer(store, refs.recognizer);
    const embedder = new Embedder(loaded, { view: 'both', ...float32 });
    const gallery = await enrol(embedder, await loadDataset(store, refs.real), context);
    const set = await loadDataset(store, refs.strangers);
    const probes = { set, rows: Int32Array.from(set.labels.keys()) };
    const whole = await search(embedder, probes, gallery, context, { phase: 'whole' });
    const blocks = await search(embedder, probes, gallery, context, { phase: 'blocks', blockImages: 5 });
    expect(blocks.images.similarity).toHaveLength(16);
    for (const [row, cosine] of blocks.images.similarity.entries())
      expect(cosine).toBeCloseTo(whole.images.similarity[row] as number, 5);
    for (const [row, cosine] of blocks.identities.similarity.entries())
      expect(cosine).toBeCloseTo(whole.identities.similarity[row] as number, 5);
    expect(context.steps.at(-1)?.phase).toBe('blocks, block 4 of 4');
    embedder.dispose();
    tf.dispose(loaded.weights);
  });

  it('embeds a gallery and strangers once for several generated sets', async () => {
    const real = await toyDataset(store, 5, 3, 60);
    const first = await measure({ real });
    const steps = context.steps.length;
    const second = await measure({ real, data: await generated([61, 62], 3, people) });
    expect(context.steps.slice(steps).map(({ phase }) => phase)).toEqual(
      expect.arrayContaining(['search generated images']),
    );
    expect(context.steps.slice(steps).some(({ phase }) => /gallery|strangers/.test(phase))).toBe(false);
    expect(second.strangers).toEqual(first.strangers);
    expect([...second.subjects.identities.nearest]).toEqual([61, 62]);
    // Other rows of the same strangers are embedded, and not taken for those.
    const fewer = await measure({ real, data: await generated(people, 1, people) });
    expect(fewer.strangers.images.similarity).toHaveLength(8);
  });

  it('keeps no tensors', async () => {
    await measure();
    const before = tf.memory().numTensors;
    await measure();
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('evaluate/privacy refuses', () => {
  it('too few strangers for the rate, before anything is embedded', async () => {
    const real = await toyDataset(store, 4, 1, 80);
    const steps = context.steps.length;
    await expect(measure({ fpir: 0.2, real })).rejects.toMatchObject({
      code: 'TooFewStrangers',
      data: { needed: 10, strangers: 8 },
    });
    expect(context.steps.slice(steps).filter(({ phase }) => /^(embed|search)/.test(phase))).toEqual([]);
  });

  it('strangers who are in the gallery, in the judged set, or known to the recognizer', async () => {
    const strangers = await drawn(10, 8);
    expect((await measure({ strangers, real: await drawn(18, 4) })).found.realIdentities).toBe(4);
    expect((await measure({ strangers, real: await drawn(10, 8, 'train') })).found.realIdentities).toBe(8);
    const refused = async (given: Given, message: string) =>
      expect(measure({ strangers, ...given })).rejects.toMatchObject({
        code: 'StrangersKnown',
        message: expect.stringContaining(message),
        remedy: expect.stringContaining('population'),
      });
    await refused({ real: await drawn(16, 4) }, '2 of them are in the gallery');
    await refused({ data: await drawn(17, 4) }, '1 of them is in the generated set');
    await refused({ recognizer: await trained(await drawn(14, 4), short) }, '4 of them are in the training set');
    // Sets that do not say whom they show are known by their digest.
    await refused({ strangers: refs.real, fpir: 0.5 }, 'all of them are in the gallery');
    await refused({ strangers: refs.train }, 'all of them are in the training set of the recognizer');
  });

  it('does without the people of a training set that is not in the store', async () => {
    const data = await drawn(14, 4);
    const recognizer = await trained(data, short);
    const key = [...store.objects.map.keys()].find(
      (each) => each.startsWith('artifacts/') && each.endsWith(data.digest.slice(9)),
    );
    store.objects.map.delete(key as string);
    expect((await measure({ strangers: await drawn(10, 8), recognizer })).found.realIdentities).toBe(4);
  });

  it('a gallery without images', async () => {
    const rows = { count: 2, embeddingSize: 4, embeddings: new Float32Array(8), identities: Int32Array.of(0, 1) };
    const files = await putInquiryRows(store, { ...rows, images: Int32Array.of(0, 0) });
    const meta = { identities: 2, images: 0, origin: 'centers', embeddingSize: 4, recognizer: digestOf('x') } as const;
    const real = await inquiriesCodec.write(store, meta, files);
    await expect(measure({ real })).rejects.toMatchObject({ code: 'InquiriesWithoutImages' });
  });

  it('an identity of which no image was generated', async () => {
    const data = await generated(people, 0, people);
    await expect(measure({ data })).rejects.toMatchObject({ code: 'PrivacyInvalid' });
  });
});
