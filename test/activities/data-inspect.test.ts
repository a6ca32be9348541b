import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { MatchFinder } from '../../activities/data-inspect/matches.ts';
import { centersOf, matchesBetween, matchesWithin } from '../../activities/data-inspect/people.ts';
import { sharedPhotos } from '../../activities/data-inspect/photos.ts';
import { stage as inspect } from '../../activities/data-inspect/stage.ts';
import { stage as verification } from '../../activities/evaluate-verification/stage.ts';
import { stage as train } from '../../activities/recognizer-train/stage.ts';
import { datasetCodec } from '../../artifacts/codecs/dataset.ts';
import { readMetricsOf } from '../../artifacts/codecs/metrics.ts';
import { inspectionKind } from '../../artifacts/codecs/metrics-kinds.ts';
import { verificationKind } from '../../artifacts/codecs/metrics-verification.ts';
import { scoresCodec } from '../../artifacts/codecs/scores.ts';
import { DatasetWriter } from '../../artifacts/dataset.ts';
import { toJson } from '../../artifacts/finite.ts';
import { readCensus, readMatches } from '../../artifacts/inspection.ts';
import { namesFile } from '../../artifacts/people.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { digestOf } from '../../core/digest.ts';
import type { JsonObject } from '../../core/errors.ts';
import type { Recompute } from '../../core/recompute.ts';
import { loadDataset } from '../../data/loader/load.ts';
import { loadRecompute } from '../../engine/registry.ts';
import { decodeImage, encodePng } from '../../formats/image.ts';
import { unitRows } from '../../metrics/centers.ts';
import { rowCosine } from '../../metrics/similarity.ts';
import { memoryStore } from '../helpers/memory-store.ts';
import { recordOf } from '../helpers/record.ts';
import { float32, side, toyBenchmarks, toyContext, toyDataset, toyPixels, toyTraining } from './toy.ts';

const store = memoryStore();
const context = toyContext(store);
const refs = {} as Record<'recognizer' | 'measured' | 'benchmarks' | 'planted' | 'clean', ArtifactRef>;

const raw = { raw: { width: side, height: side, channels: 3 as const } };
const png = (person: number, image: number) => encodePng(toyPixels(person, image), side, side);
/** The same pixels in another file. */
const webp = (person: number, image: number) =>
  sharp(toyPixels(person, image), raw).webp({ lossless: true }).toBuffer();

type Photo = readonly [identity: number, file: Buffer];

const stored = async (photos: readonly Photo[], meta: JsonObject = {}, names?: readonly string[]) => {
  const writer = new DatasetWriter(store, { height: side, width: side });
  const next = new Map<number, number>();
  for (const [identity, bytes] of photos) {
    const image = next.get(identity) ?? 0;
    next.set(identity, image + 1);
    await writer.addEncoded({ identity, image, bytes });
  }
  const files = await writer.files();
  if (names) files.push(await store.putFile(namesFile, Buffer.from(JSON.stringify(names)), 'application/json'));
  return datasetCodec.write(store, { peopleShown: 'real', ...meta, ...writer.counts() }, files);
};

/** Names as an attacker would give them. */
const hostile = '<b>\u001b[31m\u202e|';

beforeAll(async () => {
  const train0 = await toyDataset(store, 12, 20);
  refs.recognizer = (await train.run({ data: train0, ...toyTraining } as never, context)).weights as ArtifactRef;
  refs.benchmarks = await toyBenchmarks(store, 200, ['lfw', 'cplfw']);
  const measure = { recognizer: refs.recognizer, benchmarks: refs.benchmarks, sets: [], ...float32 };
  refs.measured = (await verification.run(measure, context)).metrics as ArtifactRef;
  const person = async (identity: number, who: number, images: readonly number[]): Promise<Photo[]> =>
    Promise.all(images.map(async (image) => [identity, await png(who, image)] as const));
  refs.planted = await stored(
    [
      ...(await person(0, 20, [0, 1, 2])),
      // The same photo again, to the byte.
      [0, await png(20, 1)],
      // The same person under another name, by other photos and one that was saved anew.
      ...(await person(1, 20, [5, 6])),
      [1, await webp(20, 2)],
      // A copy of a file under another name.
      ...(await person(2, 21, [0, 1])),
      [3, await png(21, 0)],
      // Somebody of the benchmarks, by other photos; and a photo of cplfw.
      ...(await person(4, 203, [7, 8])),
      [5, await webp(225, 0)],
      [5, await png(90, 0)],
    ],
    {},
    ['ash', 'ash2', hostile, 'lone', 'eve', 'fay', 'nobody', ''],
  );
  refs.clean = await toyDataset(store, 4, 3, 60);
});

type Given = Partial<Omit<Parameters<typeof inspect.run>[0], 'precision'>>;

const defaults = { others: [], minSimilarity: 0.8, threshold: null, minImages: 2, listed: 100, pictures: 12 };

const measure = async (given: Given = {}) => {
  const params = { ...defaults, data: refs.planted, ...float32, ...given };
  const outputs = await inspect.run(params, context);
  const metrics = outputs.metrics as ArtifactRef;
  return { params, outputs, found: await readMetricsOf(store, metrics, inspectionKind) };
};

const names = ({ left, right }: { left: { name?: string }; right: { name?: string } }) => [left.name, right.name];

/** Unit means of the embeddings of each identity, by `evaluate/verification`'s view. */
const meansOf = async (ref: ArtifactRef) => {
  const { withEmbedder } = await import('../../training/recognizer.ts');
  const set = await loadDataset(store, ref);
  return withEmbedder(store, refs.recognizer, { view: 'both', ...float32 }, async (embedder) => {
    const { size } = embedder;
    const all = await embedder.embed(set, context);
    const sums = new Float32Array(set.classes * size);
    for (let row = 0; row < set.count; row++)
      for (let k = 0; k < size; k++) {
        const at = (set.labels[row] as number) * size + k;
        sums[at] = (sums[at] as number) + (all[row * size + k] as number);
      }
    return { centers: unitRows(sums, size), size, classes: set.classes };
  });
};

describe('data/inspect', () => {
  it('counts images, and names identities with few and without any', async () => {
    const { found } = await measure();
    expect(found).toMatchObject({ identities: 6, images: 14, imagesPerIdentity: { min: 1, median: 2, max: 4 } });
    expect(found.empty).toEqual({ count: 1, names: ['nobody'] });
    expect(found.nearEmpty).toEqual({
      ...{ count: 1, minImages: 2 },
      listed: [{ identity: 3, name: 'lone', images: 1 }],
    });
    const strict = (await measure({ minImages: 3, listed: 2 })).found.nearEmpty;
    expect(strict.count).toBe(4);
    expect(strict.listed.map(({ name, images }) => [name, images])).toEqual([
      ['lone', 1],
      [hostile, 2],
    ]);
  });

  it('finds files that are there twice, pixels that were saved anew, and the same photo under two identities', async () => {
    const { within } = (await measure()).found;
    expect(within).toMatchObject({ bytes: 2, pixels: 3, acrossIdentities: 4, identityPairs: 2 });
    expect(within.samePhoto.map((pair) => [...names(pair), pair.images])).toEqual([
      ['ash', 'ash2', 1],
      [hostile, 'lone', 1],
    ]);
    expect(within.samePerson).toBeUndefined();
    expect((await measure({ data: refs.clean })).found.within).toMatchObject({ bytes: 0, pixels: 0, samePhoto: [] });
  });

  it('finds photos of other sets by their pixels, each verification set by itself', async () => {
    const others = [
      { label: 'benchmarks', data: refs.benchmarks },
      { label: 'clean', data: refs.clean },
    ];
    const { found } = await measure({ others });
    expect(
      found.others.map(({ label, set, type, identities, images }) => [label, set, type, identities, images]),
    ).toEqual([
      ['benchmarks', 'lfw', 'benchmarks', 20, 40],
      ['benchmarks', 'cplfw', 'benchmarks', 20, 40],
      ['clean', undefined, 'dataset', 4, 12],
    ]);
    expect(found.others.map(({ bytes, pixels, identityPairs }) => [bytes, pixels, identityPairs])).toEqual([
      [0, 0, 0],
      [0, 1, 1],
      [0, 0, 0],
    ]);
    expect(found.others[1]?.samePhoto).toMatchObject([
      { left: { identity: 5, name: 'fay' }, right: { identity: 225 }, images: 1 },
    ]);
  });

  it('finds the same person under two names, and in another set, by the means of embeddings', async () => {
    const others = [{ label: 'benchmarks', data: refs.benchmarks }];
    const { found } = await measure({ recognizer: refs.recognizer, others });
    const own = await meansOf(refs.planted);
    const cosine = (a: number, b: number) => rowCosine(own.centers, a, own.centers, b, own.size);
    const pairs = [0, 1, 2, 3, 4, 5].flatMap((a) =>
      [0, 1, 2, 3, 4, 5].flatMap((b) => (a < b && cosine(a, b) > 0.8 ? [[a, b, cosine(a, b)] as const] : [])),
    );
    pairs.sort((a, b) => b[2] - a[2]);
    const { samePerson } = found.within;
    expect(found.threshold).toBe(0.8);
    expect(samePerson?.pairs).toBe(pairs.length);
    expect(samePerson?.identities).toBe(new Set(pairs.flatMap(([a, b]) => `${a} ${b}`.split(' '))).size);
    expect(samePerson?.listed.map(({ left, right }) => [left.identity, right.identity])).toEqual(
      pairs.map(([a, b]) => [a, b]),
    );
    for (const [i, [, , value]] of pairs.entries()) expect(samePerson?.listed[i]?.cosine).toBeCloseTo(value, 4);
    expect(samePerson?.listed.map(names)).toContainEqual(['ash', 'ash2']);
    // The planted person of lfw: eve is 203 there.
    const lfw = found.others[0]?.samePerson;
    expect(lfw?.listed.map(({ left, right }) => [left.name, right.identity])).toContainEqual(['eve', 203]);
    expect(lfw?.pairs).toBeGreaterThanOrEqual(lfw?.identities as number);
  });

  it('takes the threshold from the recognizer’s own verification', async () => {
    const set = 'lfw';
    const threshold = { metrics: refs.measured, set };
    const { found } = await measure({ recognizer: refs.recognizer, threshold });
    const { sets } = await readMetricsOf(store, refs.measured, verificationKind);
    expect(found.threshold).toBe(1 - (sets.lfw?.threshold as number) / 2);
    await expect(measure({ threshold })).rejects.toMatchObject({ code: 'InspectionInvalid' });
  });

  it('refuses to compare people in images of two sizes, before it reads any', async () => {
    const writer = new DatasetWriter(store, { height: 8, width: 8 });
    await writer.add({ identity: 0, image: 0, pixels: new Uint8Array(8 * 8 * 3) });
    const small = await writer.finish({ peopleShown: 'drawn' });
    const others = [{ label: 'small', data: small }];
    await expect(measure({ recognizer: refs.recognizer, others })).rejects.toMatchObject({ code: 'SizeMismatch' });
    expect((await measure({ others })).found.others[0]).toMatchObject({ label: 'small', images: 1, pixels: 0 });
  });

  it('leaves copies of inquiry images out of the means, not out of the photos', async () => {
    const set = await stored(
      [
        [0, await png(30, 0)],
        [0, await png(31, 0)],
        [1, await png(32, 0)],
        [1, await png(31, 0)],
      ],
      { peopleShown: 'generated', generatedImages: 1 },
    );
    const { found } = await measure({ data: set, recognizer: refs.recognizer, minSimilarity: -1 });
    const single = await meansOf(
      await stored([
        [0, await png(30, 0)],
        [1, await png(32, 0)],
      ]),
    );
    expect(found.within).toMatchObject({ pixels: 1, identityPairs: 1 });
    const expected = rowCosine(single.centers, 0, single.centers, 1, single.size);
    expect(found.within.samePerson?.listed[0]?.cosine).toBeCloseTo(expected, 4);
  });

  it('shows the first pairs side by side: the photo that both have, or photos of both', async () => {
    const { found, outputs } = await measure({ recognizer: refs.recognizer, pictures: 1 });
    const { files } = await store.getArtifact(outputs.metrics as ArtifactRef);
    const { samePhoto, samePerson } = found.within;
    const named = [...samePhoto, ...(samePerson?.listed ?? [])].flatMap(({ picture }) => picture ?? []);
    expect(named).toEqual(['pictures/0-photo-000.png', 'pictures/0-person-000.png']);
    expect(files.map(({ path }) => path).sort()).toEqual(['metrics.json', ...named].sort());
    const blob = files.find(({ path }) => path === named[0])?.digest as ReturnType<typeof digestOf>;
    const { pixels, width, height } = await decodeImage(await store.getBlob(blob));
    expect([width, height]).toEqual([2 * side + 3, side]);
    const part = (from: number) =>
      Array.from({ length: side }, (_, y) => [
        ...pixels.subarray((y * width + from) * 3, (y * width + from + side) * 3),
      ]);
    const photo = toyPixels(20, 2);
    const rows = Array.from({ length: side }, (_, y) => [...photo.subarray(y * side * 3, (y + 1) * side * 3)]);
    expect(part(0)).toEqual(rows);
    expect(part(side + 3)).toEqual(rows);
  });

  it('stores what its numbers are recomputed from, and gives the same artifacts again', async () => {
    const others = [
      { label: 'benchmarks', data: refs.benchmarks },
      { label: 'clean', data: refs.clean },
    ];
    const recompute = (await loadRecompute('data/inspect')) as Recompute;
    for (const given of [{ others }, { others, recognizer: refs.recognizer, listed: 3, pictures: 2 }]) {
      const { params, outputs } = await measure(given);
      expect(await inspect.run(params, context)).toEqual(outputs);
      const action = {
        kind: 'data/inspect',
        params: toJson(params, 'params') as JsonObject,
        seed: 1,
        code: digestOf('x'),
      };
      const { metrics, output } = await recompute(recordOf(action, outputs), store);
      const { files } = await store.getArtifact(outputs[output] as ArtifactRef);
      const json = files.find(({ path }) => path === 'metrics.json')?.digest as ReturnType<typeof digestOf>;
      expect(metrics).toEqual(JSON.parse((await store.getBlob(json)).toString()));
    }
  });

  it('refuses scores of other sets', async () => {
    const recompute = (await loadRecompute('data/inspect')) as Recompute;
    const { params, outputs } = await measure();
    const others = [{ label: 'clean', data: refs.clean }];
    const action = { kind: 'data/inspect', params: toJson({ ...params, others }, 'params') as JsonObject };
    const record = recordOf({ ...action, seed: 1, code: digestOf('x') }, outputs);
    await expect(recompute(record, store)).rejects.toMatchObject({ code: 'ScoresInvalid' });
    const scores = await scoresCodec.read(store, outputs.scores as ArtifactRef);
    expect((await readCensus(store, scores, 0)).identity).toHaveLength(14);
    await expect(readMatches(store, scores, 0)).rejects.toMatchObject({ code: 'TensorsMissing' });
  });
});

describe('people of many blocks', () => {
  /** An embedder whose embedding of an image is the set's own, so that many can be had at once. */
  const size = 8;
  const many = (count: number, first: number) => {
    const identities = Int32Array.from({ length: count }, (_, i) => first + i);
    const images = { count, height: 1, width: 1, chunks: [], classes: count, identities } as const;
    return { ...images, labels: identities.map((each) => each - first), images: new Int32Array(count) };
  };
  const vectorOf = (identity: number): number[] =>
    Array.from({ length: size }, (_, k) => Math.sin(identity * (k + 1.7) * 12.9898 + k));
  const embedder = {
    size,
    embed: async (set: unknown, _: unknown, { rows = new Int32Array() } = {}) => {
      const { identities } = set as ReturnType<typeof many>;
      return unitRows(Float32Array.from([...rows].flatMap((row) => vectorOf(identities[row] as number))), size);
    },
  };
  const wanted = { threshold: 0.9, listed: 50 };

  it('are compared across all blocks, each pair once', async () => {
    const [left, right] = [many(4200, 0), many(4100, 4000)];
    const people = await centersOf(embedder as never, { images: left as never, phase: 'embed' }, context);
    expect(people.identities).toEqual(left.identities);
    const own = await matchesWithin(people, size, wanted, context);
    const other = await centersOf(embedder as never, { images: right as never, phase: 'embed' }, context);
    const between = await matchesBetween(
      embedder as never,
      people,
      { images: right as never, phase: 'embed' },
      wanted,
      context,
    );
    const count = (a: number, others: Float32Array, same: boolean): number => {
      let above = 0;
      for (let b = 0; b * size < others.length; b++)
        if (!(same && a === b) && rowCosine(people.centers, a, others, b, size) > wanted.threshold) above++;
      return above;
    };
    for (const a of [0, 1, 4095, 4096, 4097, 4199]) {
      expect(own.above[a], `${a} within`).toBe(count(a, people.centers, true));
      expect(between.above[a], `${a} between`).toBe(count(a, other.centers, false));
    }
    // 4000 … 4199 are in both sets.
    expect(between.nearest.slice(4000)).toEqual(left.identities.slice(4000));
    expect(own.left).toHaveLength(50);
    expect([...own.cosine]).toEqual([...own.cosine].sort((a, b) => b - a));
    expect(new Set([...own.left].map((each, i) => `${each} ${own.right[i]}`)).size).toBe(50);
    expect([...own.left].every((each, i) => each < (own.right[i] as number))).toBe(true);
  });

  it('keep the best pairs of any number, in one order', () => {
    const finder = new MatchFinder(Int32Array.of(1, 2, 3), { threshold: 0, listed: 2 });
    const pairs = [
      [0.5, 2, 0],
      [0.75, 1, 4],
      [0.75, 0, 9],
      [0.75, 0, 3],
      [0.25, 0, 0],
    ] as const;
    const nothing = { cosine: new Float32Array(), at: new Int32Array(), above: new Int32Array() };
    for (const [cosine, row, column] of pairs) {
      const block = { rows: nothing, columns: nothing, pairs: [{ row, column, cosine }] };
      finder.take(
        0,
        block,
        Int32Array.from({ length: 10 }, (_, i) => 10 + i),
      );
    }
    expect(finder.found()).toMatchObject({ left: Int32Array.of(1, 1), right: Int32Array.of(13, 19) });
    // A pair as similar as the last one may still come before it.
    expect(finder.search(false).floor).toBeLessThan(0.75);
    expect(finder.search(false).floor).toBeGreaterThan(0.74);
  });
});

describe('photos that everybody has', () => {
  it('do not make a pair of every two identities', () => {
    const people = 5000;
    const census = (first: number) => ({
      identity: Int32Array.from({ length: people }, (_, i) => first + i),
      image: new Int32Array(people),
      hashes: new Int32Array(4 * people).fill(7),
    });
    const { pixels, pairs } = sharedPhotos(census(0), census(0));
    expect(pixels).toBe(people);
    expect(pairs).toHaveLength(8 * people);
  });

  it('take no longer where one identity has very many of them', () => {
    const images = 20_000;
    const hashes = new Int32Array(4 * images).fill(7);
    const one = { identity: new Int32Array(images), image: Int32Array.from({ length: images }, (_, i) => i), hashes };
    const before = performance.now();
    expect(sharedPhotos(one, one).pairs).toEqual([[0, 0, images]]);
    // All with all would be 400 million.
    expect(performance.now() - before).toBeLessThan(10_000);
  });
});
