import { beforeAll, describe, expect, it } from 'vitest';
import { stage as tsne } from '../../activities/evaluate-tsne/stage.ts';
import { stage as ofRandom } from '../../activities/inquiry-random/stage.ts';
import { readMetricsOf } from '../../artifacts/codecs/metrics.ts';
import { tsneKind } from '../../artifacts/codecs/metrics-tsne.ts';
import { scoresCodec } from '../../artifacts/codecs/scores.ts';
import { DatasetWriter } from '../../artifacts/dataset.ts';
import { readEmbeddings } from '../../artifacts/embeddings.ts';
import { toJson } from '../../artifacts/finite.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { digestOf } from '../../core/digest.ts';
import type { JsonObject } from '../../core/errors.ts';
import type { Recompute } from '../../core/recompute.ts';
import { loadInquiries } from '../../data/inquiries.ts';
import { loadDataset } from '../../data/loader/load.ts';
import { loadRecompute } from '../../engine/registry.ts';
import { tsne as mapped } from '../../metrics/tsne/index.ts';
import { tf } from '../../nn/tf.ts';
import { Embedder, loadRecognizer } from '../../training/recognizer.ts';
import { memoryStore } from '../helpers/memory-store.ts';
import { recordOf } from '../helpers/record.ts';
import { putInquiries, putRecognizer } from '../methods/cemiface/tiny.ts';
import { float32, side, toyContext, toyDataset, toyPixels } from './toy.ts';

const store = memoryStore();
const refs = {} as Record<'recognizer' | 'other' | 'faces' | 'copied' | 'inquiries' | 'random', ArtifactRef>;

/** Photos of people, and after those of each a copy of one photo, as oversampling adds it. */
const copied = async (identities: number, images: number) => {
  const writer = new DatasetWriter(store, { height: side, width: side });
  for (let identity = 0; identity < identities; identity++)
    for (let image = 0; image <= images; image++)
      await writer.add({ identity, image, pixels: toyPixels(identity, image < images ? image : 99) });
  return writer.finish({ origin: 'generated', peopleShown: 'generated', generatedImages: images });
};

beforeAll(async () => {
  refs.recognizer = await putRecognizer(store);
  refs.other = await putRecognizer(store, 2);
  refs.faces = await toyDataset(store, 5, 4);
  refs.copied = await copied(4, 3);
  refs.inquiries = await putInquiries(store, 4);
  refs.random = (await ofRandom.run({ recognizer: refs.recognizer, count: 4 }, toyContext(store)))
    .inquiries as ArtifactRef;
});

const options = { perplexity: 4, iterations: 60, learningRate: null, earlyExaggeration: 4 };

const map = async (given: object = {}, seed = 7) => {
  const sets = [
    { label: 'faces', data: refs.faces, inquiries: refs.inquiries },
    { label: 'copied', data: refs.copied, inquiries: refs.inquiries },
    { label: 'alone', data: refs.copied },
  ];
  const params = { sets, recognizer: refs.recognizer, identities: 3, images: 10, ...options, ...float32, ...given };
  const context = toyContext(store, seed);
  const outputs = await tsne.run(params, context);
  const scores = await scoresCodec.read(store, outputs.scores as ArtifactRef);
  return {
    ...{ params, outputs, meta: scores.meta, steps: context.steps },
    found: await readMetricsOf(store, outputs.metrics as ArtifactRef, tsneKind),
    embedded: (stem: string) => readEmbeddings(store, scores, stem),
  };
};

/** Embeddings of images of a set, as they are. @returns float32 [rows, D] */
const embeddingsOf = async (ref: ArtifactRef, rows: readonly number[]) => {
  const recognizer = await loadRecognizer(store, refs.recognizer);
  const embedder = new Embedder(recognizer, { view: 'plain', ...float32 });
  const found = await embedder.embed(await loadDataset(store, ref), toyContext(store), { rows: Int32Array.from(rows) });
  embedder.dispose();
  tf.dispose(recognizer.weights);
  return found;
};

describe('evaluate/tsne', () => {
  it('maps the first images of the first identities of every set, and each inquiry of theirs once', async () => {
    const { found, meta } = await map();
    const [faces, own, alone] = found.sets;
    expect(faces?.identity).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2]);
    expect(faces?.image).toEqual([0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3]);
    // The fourth of each is a copy of the inquiry.
    expect(own?.image).toEqual([0, 1, 2, 0, 1, 2, 0, 1, 2]);
    expect(found.inquiries.map(({ inquiries, identity }) => [inquiries, identity])).toEqual([
      [refs.inquiries.digest, [0, 1, 2]],
    ]);
    expect([faces?.inquiries, own?.inquiries, alone?.inquiries]).toEqual([0, 0, undefined]);
    expect([faces?.label, faces?.data]).toEqual(['faces', refs.faces.digest]);
    expect(found).toMatchObject({ points: 12 + 9 + 9 + 3, dimensions: 6, recognizer: refs.recognizer.digest });
    expect(found).toMatchObject({ perplexity: 4, iterations: 60, earlyExaggeration: 4, learningRate: 50 });
    expect(meta).toEqual({ of: 'points', mappedSets: 3, mappedInquiries: 1 });
    const fewer = (await map({ identities: 2, images: 2 })).found;
    expect(fewer.sets.map(({ identity }) => identity)).toEqual(Array(3).fill([0, 0, 1, 1]));
  });

  it('is the t-SNE of the embeddings of these images, as they are, and of the inquiries', async () => {
    const { found, embedded, steps } = await map();
    const [faces, copies] = [
      await embeddingsOf(refs.faces, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]),
      await embeddingsOf(refs.copied, [0, 1, 2, 4, 5, 6, 8, 9, 10]),
    ];
    expect((await embedded('set-0')).embeddings).toEqual(faces);
    const asked = (await embedded('inquiries-0')).embeddings;
    const { pictures } = await loadInquiries(store, refs.inquiries);
    expect(pictures?.count).toBe(4);
    expect(asked).toEqual(await embeddingsOf(await toyDataset(store, 4, 1), [0, 1, 2]));
    const all = Float32Array.from([...faces, ...copies, ...copies, ...asked]);
    const { points, klDivergence } = await mapped(all, 6, options);
    const xy = [...found.sets, ...found.inquiries].flatMap(({ x, y }) => x.flatMap((each, i) => [each, y[i]]));
    expect(xy).toEqual([...points]);
    expect(found.klDivergence).toBe(klDivergence);
    expect(steps.filter(({ phase }) => phase === 'map')).toHaveLength(60);
  });

  it('draws nothing: every seed has the same map', async () => {
    expect((await map({}, 8)).outputs).toEqual((await map()).outputs);
  });

  it('takes vectors as they are, in the order of the identities, of this recognizer alone', async () => {
    const sets = [{ label: 'random', data: refs.copied, inquiries: refs.random }];
    const { embedded } = await map({ sets, identities: 2 });
    const { embeddings } = await loadInquiries(store, refs.random);
    expect((await embedded('inquiries-0')).embeddings).toEqual(embeddings.slice(0, 2 * 6));
    await expect(map({ sets, recognizer: refs.other })).rejects.toMatchObject({ code: 'RecognizerMismatch' });
  });

  it('refuses identities without an inquiry, too few points for the perplexity, and too many to map', async () => {
    const few = { sets: [{ label: 'faces', data: refs.faces, inquiries: await putInquiries(store, 2) }] };
    await expect(map(few)).rejects.toMatchObject({
      code: 'InquiryMissing',
      message: 'identity 2 has no inquiry among 2',
    });
    await expect(map({ identities: 1, images: 1, perplexity: 3 })).rejects.toMatchObject({ code: 'TsneInvalid' });
    const crowd = await toyDataset(store, 31, 50);
    await expect(map({ sets: [{ label: 'crowd', data: crowd }], identities: 200, images: 200 })).rejects.toMatchObject({
      code: 'TsneInvalid',
      message: 'a map may have 1500 points, got 1550 images and inquiries',
    });
  });

  it('is recomputed from the embeddings, to the very digits', async () => {
    const { params, outputs, found } = await map();
    const recompute = (await loadRecompute('evaluate/tsne')) as Recompute;
    const action = {
      ...{ kind: 'evaluate/tsne', params: toJson(params, 'params') as JsonObject },
      ...{ seed: 7, code: digestOf('x') },
    };
    expect(await recompute(recordOf(action, outputs), store)).toEqual({
      ...{ output: 'metrics', metrics: found, from: 'from embeddings of images' },
    });
    const { outputs: others } = await map({ sets: params.sets.slice(1) });
    await expect(recompute(recordOf(action, others), store)).rejects.toMatchObject({ code: 'ScoresInvalid' });
  });
});
