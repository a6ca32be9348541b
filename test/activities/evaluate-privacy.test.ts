import { beforeAll, describe, expect, it } from 'vitest';
import { stage as privacyStage } from '../../activities/evaluate-privacy/stage.ts';
import { stage as verificationStage } from '../../activities/evaluate-verification/stage.ts';
import { stage as inquiryStage } from '../../activities/inquiry-select/stage.ts';
import { stage as trainStage } from '../../activities/recognizer-train/stage.ts';
import { readMetricsOf } from '../../artifacts/codecs/metrics.ts';
import { privacyKind, verificationKind } from '../../artifacts/codecs/metrics-kinds.ts';
import { DatasetWriter } from '../../artifacts/dataset.ts';
import { toJson } from '../../artifacts/finite.ts';
import { decodeImageScores, decodeNearest } from '../../artifacts/scores.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { digestOf } from '../../core/digest.ts';
import type { JsonObject } from '../../core/errors.ts';
import type { Recompute } from '../../core/recompute.ts';
import { loadInquiries } from '../../data/inquiries.ts';
import { loadDataset } from '../../data/loader/load.ts';
import { loadRecompute } from '../../engine/registry.ts';
import { unitRows } from '../../metrics/centers.ts';
import { privacyMetrics } from '../../metrics/privacy.ts';
import { rowCosine } from '../../metrics/similarity.ts';
import { tf } from '../../nn/tf.ts';
import { Embedder, loadRecognizer } from '../../training/recognizer.ts';
import { recordOf } from '../helpers/record.ts';
import { side, toyBenchmarks, toyContext, toyDataset, toyPixels, toyTraining } from './toy.ts';

const context = toyContext();
const { store } = context;
const refs = {} as Record<'recognizer' | 'metrics' | 'inquiries' | 'data' | 'real', ArtifactRef>;

/** The people whom subjects 0 … 3 show; the first two are the inquiries' own, 40 and 41 are people of the real set. */
let people: number[];

beforeAll(async () => {
  const train = await toyDataset(store, 12, 20);
  const { weights } = await trainStage.run({ data: train, ...toyTraining } as never, context);
  refs.recognizer = weights as ArtifactRef;
  const benchmarks = await toyBenchmarks(store, 200);
  refs.metrics = (await verificationStage.run({ recognizer: refs.recognizer, benchmarks, sets: [] }, context))
    .metrics as ArtifactRef;
  const candidates = await toyDataset(store, 60, 1, 100);
  const select = {
    data: candidates,
    recognizer: refs.recognizer,
    count: 4,
    maxSimilarity: 0.5,
    threshold: null,
    imagesPerIdentity: 1,
  };
  refs.inquiries = (await inquiryStage.run(select, context)).inquiries as ArtifactRef;
  refs.real = await toyDataset(store, 4, 3, 40);
  const chosen = await loadInquiries(store, refs.inquiries);
  people = [chosen.identities[0] as number, chosen.identities[1] as number, 40, 41];
  const writer = new DatasetWriter(store, { height: side, width: side });
  for (const [k, person] of people.entries()) {
    for (const image of [0, 1, 2]) await writer.add({ identity: k, image, pixels: toyPixels(person, image + 5) });
    // A copy of the inquiry image, as oversampling adds it: it must not count.
    await writer.add({ identity: k, image: 3, pixels: toyPixels(chosen.identities[k] as number, 0) });
  }
  refs.data = await writer.finish({ origin: 'generated', peopleShown: 'generated', generatedImages: 3 });
});

const measure = async (real: ArtifactRef, set = 'lfw') => {
  const { data, recognizer, metrics } = refs;
  const outputs = await privacyStage.run({ data, real, recognizer, metrics, set }, context);
  const found = await readMetricsOf(store, outputs.metrics as ArtifactRef, privacyKind);
  const { files } = await store.getArtifact(outputs.scores as ArtifactRef);
  const file = async (path: string) => store.getBlob(files.find((each) => each.path === path)?.digest as never);
  return {
    found,
    scores: decodeNearest(await file('identities.safetensors')),
    images: decodeImageScores(await file('images.safetensors')),
  };
};

/** Unit mean embeddings, image and mirror image added, of the first images of each identity. */
const centersOf = async (ref: ArtifactRef, images: number): Promise<{ centers: Float32Array; size: number }> => {
  const recognizer = await loadRecognizer(store, refs.recognizer);
  const embedder = new Embedder(recognizer, 'both');
  const set = await loadDataset(store, ref);
  const { size } = embedder;
  const all = await embedder.embed(set, context);
  const sums = new Float32Array(set.classes * size);
  for (let row = 0; row < set.count; row++)
    if ((set.images[row] as number) < images)
      for (let k = 0; k < size; k++) {
        const at = (set.labels[row] as number) * size + k;
        sums[at] = (sums[at] as number) + (all[row * size + k] as number);
      }
  embedder.dispose();
  tf.dispose(recognizer.weights);
  return { centers: unitRows(sums, size), size };
};

describe('evaluate/privacy', () => {
  it('finds for each subject the nearest real center, without the copies of inquiry images', async () => {
    const { found, scores, images } = await measure(refs.real);
    const subjects = await centersOf(refs.data, 3);
    const real = await centersOf(refs.real, 99);
    for (let k = 0; k < 4; k++) {
      const all = [0, 1, 2, 3].map((r) => rowCosine(subjects.centers, k, real.centers, r, real.size));
      const highest = Math.max(...all);
      expect(scores.similarity[k]).toBeCloseTo(highest, 4);
      expect(scores.nearest[k]).toBe(40 + all.indexOf(highest));
    }
    // Other photos of people of the real set are nearest to them.
    expect([...scores.nearest.subarray(2)]).toEqual([40, 41]);
    expect(images.similarity.length).toBe(12);
    expect([...images.identity.subarray(3, 6)]).toEqual([1, 1, 1]);
    expect([...images.image.subarray(3, 6)]).toEqual([0, 1, 2]);
    expect(found.realIdentities).toBe(4);
    expect(found.ownInquiry).toBeUndefined();
  });

  it('counts against the threshold of the verification, and its scores give the same metrics again', async () => {
    const { found, scores, images } = await measure(refs.inquiries);
    const { sets } = await readMetricsOf(store, refs.metrics, verificationKind);
    const distance = sets.lfw?.threshold as number;
    expect(found.threshold).toBe(1 - distance / 2);
    expect(found.identities.count).toBe(scores.similarity.filter((value) => value > found.threshold).length);
    expect(found.images).toMatchObject({ total: 12 });
    expect(found.ownInquiry?.nearest).toBeGreaterThanOrEqual(2);
    expect([...scores.nearest.subarray(0, 2)]).toEqual([0, 1]);
    const options = { set: 'lfw', distance, realIdentities: 4, fromInquiries: true };
    expect(privacyMetrics(scores, images.similarity, options)).toEqual(found);
  });

  it('is computed again from what it kept', async () => {
    const { data, real, recognizer, metrics } = refs;
    const params = { data, real, recognizer, metrics, set: 'lfw' };
    const outputs = await privacyStage.run(params, context);
    const action = {
      kind: 'evaluate/privacy',
      params: toJson(params, 'params') as JsonObject,
      seed: 1,
      code: digestOf('x'),
    };
    const recompute = (await loadRecompute('evaluate/privacy')) as Recompute;
    const again = await recompute(recordOf(action, outputs), store);
    expect(again).toMatchObject({ output: 'metrics', from: 'from nearest real identities' });
    expect(again.metrics).toEqual(await readMetricsOf(store, outputs.metrics as ArtifactRef, privacyKind));
  });

  it('keeps no tensors', async () => {
    await measure(refs.real);
    const before = tf.memory().numTensors;
    await measure(refs.real);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('says which sets there are where the named one is not among them', async () => {
    await expect(measure(refs.real, 'cfp_fp')).rejects.toMatchObject({
      code: 'PrivacyInvalid',
      remedy: expect.stringContaining('lfw'),
    });
  });
});
