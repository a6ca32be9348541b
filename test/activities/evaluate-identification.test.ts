import { beforeAll, describe, expect, it } from 'vitest';
import { recompute } from '../../activities/evaluate-identification/recompute.ts';
import { stage } from '../../activities/evaluate-identification/stage.ts';
import { datasetCodec } from '../../artifacts/codecs/dataset.ts';
import { readMetricsOf } from '../../artifacts/codecs/metrics.ts';
import { identificationKind } from '../../artifacts/codecs/metrics-identification.ts';
import { readRanks, scoresCodec } from '../../artifacts/codecs/scores.ts';
import { loadWeights } from '../../artifacts/codecs/weights.ts';
import { DatasetWriter } from '../../artifacts/dataset.ts';
import { namesFile } from '../../artifacts/people.ts';
import type { ActionRecord } from '../../core/action.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { identificationMetrics, rankOf } from '../../metrics/identification.ts';
import { eachRowOfCosines } from '../../nn/cosines.ts';
import { embed } from '../../nn/recognizer/backbone.ts';
import { recognizerParameters } from '../../nn/recognizer/layout.ts';
import { tf } from '../../nn/tf.ts';
import { fromSafetensors } from '../../nn/weights.ts';
import { putRecognizer, tinyRecognizer } from '../methods/cemiface/tiny.ts';
import { float32, side, toyContext, toyDataset, toyPixels } from './toy.ts';

const context = toyContext();
const { store } = context;
let recognizer: ArtifactRef;

beforeAll(async () => {
  recognizer = await putRecognizer(store);
});

const identify = async (params: { gallery: ArtifactRef; probes?: ArtifactRef; galleryImages?: number }) => {
  const given = { recognizer, galleryImages: 1, ...float32, ...params };
  const outputs = await stage.run(given, context);
  const metrics = await readMetricsOf(store, outputs.metrics as ArtifactRef, identificationKind);
  const ranks = await readRanks(store, await scoresCodec.read(store, outputs.scores as ArtifactRef));
  return { metrics, ranks, outputs, params: given };
};

/** Unit sum of the embeddings of image and mirror image. */
const embedded = (weights: ReturnType<typeof fromSafetensors>, identity: number, image: number): number[] => {
  const x = tf.tensor4d(
    Array.from(toyPixels(identity, image), (p) => (2 * p) / 255 - 1),
    [1, side, side, 3],
  );
  const both = [x, x.reverse(2)].map((view) => [...embed(weights, view as tf.Tensor4D, tinyRecognizer).dataSync()]);
  return unit((both[0] as number[]).map((value, k) => value + (both[1]?.[k] as number)));
};
const unit = (values: number[]): number[] => values.map((value) => value / Math.hypot(...values));
const dot = (a: number[], b: number[]): number => a.reduce((sum, value, k) => sum + value * (b[k] as number), 0);

/** A set of named people: the images of toy person `of[i]` under number i. */
const named = async (of: readonly number[], images: readonly number[], names: readonly string[]) => {
  const writer = new DatasetWriter(store, { height: side, width: side });
  for (const [identity, person] of of.entries())
    for (const image of images) await writer.add({ identity, image, pixels: toyPixels(person, image) });
  const files = await writer.files();
  const list = await store.putFile(namesFile, Buffer.from(JSON.stringify(names)), 'application/json');
  return datasetCodec.write(store, { ...writer.counts(), peopleShown: 'drawn' }, [...files, list]);
};

describe('evaluate/identification', () => {
  it('ranks each further image of a person among the first images of all', async () => {
    const gallery = await toyDataset(store, 6, 3);
    const { metrics, ranks } = await identify({ gallery });
    const weights = fromSafetensors(await loadWeights(store, recognizer), recognizerParameters(tinyRecognizer));
    const known = Array.from({ length: 6 }, (_, identity) => embedded(weights, identity, 0));
    const wanted = Array.from(ranks.identity, (identity, i) => {
      const cosines = known.map((each) => dot(each, embedded(weights, identity, ranks.image[i] as number)));
      expect(ranks.similarity[i]).toBeCloseTo(cosines[identity] as number, 4);
      return 1 + cosines.filter((cosine, other) => other !== identity && cosine > (cosines[identity] as number)).length;
    });
    expect([...ranks.rank]).toEqual(wanted);
    expect([...ranks.image]).toEqual([1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2]);
    const share = (most: number): number => wanted.filter((rank) => rank <= most).length / 12;
    expect(metrics).toEqual({
      ...{ kind: 'identification', channels: 'rgb', gallery: 6, galleryImages: 1, probes: 12, withoutMate: 0 },
      ...{ rank1: share(1), rank5: share(5), cmc: [1, 2, 3, 4, 5, 6].map(share) },
    });
    expect(new Set(wanted).size).toBeGreaterThan(1);
  });

  it('enrols the mean of several images, and keeps people without probes in the gallery', async () => {
    const { metrics } = await identify({ gallery: await toyDataset(store, 4, 3), galleryImages: 2 });
    expect(metrics).toMatchObject({ gallery: 4, galleryImages: 2, probes: 4 });
  });

  it('takes probes from another set: people are matched by name, and strangers left out and counted', async () => {
    const gallery = await named([3, 1, 2], [0], ['cyd', 'ann', 'bob']);
    // The same image of each: rank 1 where names are matched, and not by number.
    const probes = await named([1, 2, 7], [0], ['ann', 'bob', 'eve']);
    const { metrics, ranks } = await identify({ gallery, probes });
    expect(metrics).toMatchObject({ gallery: 3, galleryImages: 0, probes: 2, withoutMate: 1, rank1: 1 });
    expect([...ranks.similarity].every((cosine) => cosine > 0.9999)).toBe(true);
  });

  it('takes people of one number as the same where a set has no names', async () => {
    const { metrics } = await identify({
      gallery: await toyDataset(store, 4, 1),
      probes: await toyDataset(store, 6, 1, 2),
    });
    expect(metrics).toMatchObject({ probes: 2, withoutMate: 4, rank1: 1 });
  });

  it('refuses sets that leave nobody to search for', async () => {
    const gallery = await toyDataset(store, 3, 2);
    await expect(identify({ gallery, galleryImages: 2 })).rejects.toMatchObject({ code: 'ProbesMissing' });
    await expect(identify({ gallery, probes: await toyDataset(store, 2, 1, 50) })).rejects.toMatchObject({
      code: 'ProbesMissing',
    });
  });

  it('gives the same digests again, and numbers that an audit recomputes', async () => {
    const gallery = await toyDataset(store, 5, 2);
    const { outputs, params, metrics } = await identify({ gallery });
    expect((await identify({ gallery })).outputs).toEqual(outputs);
    const record = { action: { params: JSON.parse(JSON.stringify(params)) }, outputs } as Partial<ActionRecord>;
    const found = await recompute(record as ActionRecord, store);
    expect(found).toEqual({ output: 'metrics', metrics, from: 'from ranks of probes' });
  });
});

describe('ranks', () => {
  it('count equal similarity against the probe', () => {
    expect(rankOf(Float32Array.from([0.1, 0.9, 0.5, 0.5]), 1)).toBe(1);
    expect(rankOf(Float32Array.from([0.1, 0.9, 0.5, 0.5]), 2)).toBe(3);
    expect(rankOf(new Float32Array(4), 0)).toBe(4);
  });

  it('add up to the CMC, which ends at 50 people', () => {
    const facts = { channels: 'bgr', gallery: 1000, galleryImages: 1, withoutMate: 0 } as const;
    const { cmc, rank1, rank5 } = identificationMetrics(Int32Array.from([1, 1, 2, 6, 900]), facts);
    expect([rank1, rank5, cmc.length, cmc[5], cmc[49]]).toEqual([0.4, 0.6, 50, 0.8, 0.8]);
  });
});

it('cosines are those of all pairs of rows, in blocks', () => {
  const left = Float32Array.from([1, 0, 0.6, 0.8]);
  const found: number[][] = [];
  eachRowOfCosines(left, Float32Array.from([0, 1, 1, 0, -1, 0]), 2, (row, cosines) => {
    found[row] = [...cosines].map((value) => Math.round(value * 1e6) / 1e6);
  });
  expect(found).toEqual([
    [0, 1, -1],
    [0.8, 0.6, -0.6],
  ]);
});
