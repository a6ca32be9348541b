import { beforeAll, describe, expect, it } from 'vitest';
import { stage as centersStage } from '../../activities/centers-compute/stage.ts';
import { stage as similarityStage } from '../../activities/evaluate-similarity/stage.ts';
import { stage as ofCenters } from '../../activities/inquiry-centers/stage.ts';
import { stage as ofRandom } from '../../activities/inquiry-random/stage.ts';
import { centersCodec, readCenters } from '../../artifacts/codecs/centers.ts';
import { inquiriesCodec } from '../../artifacts/codecs/inquiries.ts';
import { readImageScores, scoresCodec } from '../../artifacts/codecs/scores.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { loadInquiries } from '../../data/inquiries.ts';
import { loadDataset } from '../../data/loader/load.ts';
import { Embedder, loadRecognizer } from '../../training/recognizer.ts';
import { putRecognizer } from '../methods/cemiface/tiny.ts';
import { float32, toyContext, toyDataset } from './toy.ts';

const context = toyContext();
const { store } = context;
let data: ArtifactRef;
let recognizer: ArtifactRef;
let centers: ArtifactRef;

beforeAll(async () => {
  data = await toyDataset(store, 4, 3, 10);
  recognizer = await putRecognizer(store);
  const params = { data, recognizer, source: 'mean' as const, groups: 5, ...float32 };
  centers = (await centersStage.run(params, context)).centers as ArtifactRef;
});

const centerInquiries = async (count = 0): Promise<ArtifactRef> =>
  (await ofCenters.run({ centers, count }, context)).inquiries as ArtifactRef;
const randomInquiries = async (count: number, seed = 7): Promise<ArtifactRef> =>
  (await ofRandom.run({ recognizer, count }, { ...context, seed })).inquiries as ArtifactRef;

describe('inquiry/centers', () => {
  it('takes the identity centers as they are, all of them or the first', async () => {
    const rows = await readCenters(store, await centersCodec.read(store, centers));
    const all = await loadInquiries(store, await centerInquiries());
    expect(all.count).toBe(4);
    expect(all.embeddings).toEqual(rows.centers);
    expect([...all.identities]).toEqual([0, 1, 2, 3]);
    expect(all.pictures).toBeUndefined();
    const two = await loadInquiries(store, await centerInquiries(2));
    expect(two.embeddings).toEqual(rows.centers.slice(0, 2 * 6));
  });

  it('states where they come from, in whose space they lie, and that there are no images', async () => {
    const ref = await centerInquiries(3);
    const wanted = { identities: 3, images: 0, embeddingSize: 6, origin: 'centers', recognizer: recognizer.digest };
    expect((await store.getArtifact(ref)).meta).toEqual(wanted);
    expect((await inquiriesCodec.read(store, ref)).meta).toEqual(wanted);
    expect((await store.getArtifact(ref)).files.map(({ path }) => path)).toEqual(['embeddings.safetensors']);
  });

  it('refuses more than there are, and centers that do not say whose they are', async () => {
    await expect(centerInquiries(5)).rejects.toMatchObject({ code: 'TooFewInquiries', data: { count: 5, found: 4 } });
    const { meta, files } = await store.getArtifact(centers);
    const { recognizer: _, ...older } = meta;
    const old = await store.putArtifact({ type: 'centers', meta: older, files });
    await expect(ofCenters.run({ centers: old, count: 0 }, context)).rejects.toMatchObject({
      code: 'RecognizerUnknown',
    });
  });
});

describe('inquiry/random', () => {
  it('draws unit vectors in every direction alike', async () => {
    const { embeddings, embeddingSize: size, count } = await loadInquiries(store, await randomInquiries(4000));
    expect([size, count]).toEqual([6, 4000]);
    const sums = Array.from({ length: size }, () => ({ first: 0, second: 0, fourth: 0 }));
    for (let i = 0; i < count; i++) {
      const row = embeddings.subarray(i * size, (i + 1) * size);
      expect(Math.hypot(...row)).toBeCloseTo(1, 5);
      for (const [k, value] of row.entries()) {
        const sum = sums[k] as (typeof sums)[number];
        sum.first += value / count;
        sum.second += value ** 2 / count;
        sum.fourth += value ** 4 / count;
      }
    }
    // Uniform on the sphere of R^n: E x = 0, E x² = 1/n, E x⁴ = 3 / (n (n + 2)). A cube's directions have another E x⁴.
    for (const { first, second, fourth } of sums) {
      expect(Math.abs(first)).toBeLessThan(4 * Math.sqrt(1 / 6 / 4000));
      expect(Math.abs(second - 1 / 6)).toBeLessThan(4 * Math.sqrt((3 / 48 - 1 / 36) / 4000));
      expect(Math.abs(fourth - 3 / 48)).toBeLessThan(0.006);
    }
  });

  it('keeps its vectors when the set grows, and draws others from another seed', async () => {
    const [few, more, other] = [await randomInquiries(3), await randomInquiries(5), await randomInquiries(3, 8)];
    const [a, b, c] = await Promise.all([few, more, other].map((ref) => loadInquiries(store, ref)));
    expect(b?.embeddings.subarray(0, 18)).toEqual(a?.embeddings);
    expect(c?.embeddings).not.toEqual(a?.embeddings);
    expect((await inquiriesCodec.read(store, few)).meta).toMatchObject({
      ...{ origin: 'random', images: 0, identities: 3, recognizer: recognizer.digest },
    });
  });
});

describe('inquiries without images', () => {
  /** Subjects 0 … 3, two images each, generated by nobody. */
  const subjects = () => toyDataset(store, 4, 2);

  it('evaluate/similarity compares with the vectors themselves', async () => {
    const set = await subjects();
    const inquiries = await randomInquiries(4);
    const { scores } = await similarityStage.run({ data: set, inquiries, recognizer, ...float32 }, context);
    const { similarity, identity } = await readImageScores(store, await scoresCodec.read(store, scores as ArtifactRef));
    const embedder = new Embedder(await loadRecognizer(store, recognizer), { view: 'plain', ...float32 });
    const embeddings = await embedder.embed(await loadDataset(store, set), context);
    embedder.dispose();
    const { embeddings: vectors } = await loadInquiries(store, inquiries);
    expect([...identity]).toEqual([0, 0, 1, 1, 2, 2, 3, 3]);
    for (const [i, found] of similarity.entries()) {
      let wanted = 0;
      for (let k = 0; k < 6; k++)
        wanted += (embeddings[i * 6 + k] as number) * (vectors[(identity[i] as number) * 6 + k] as number);
      expect(found).toBeCloseTo(wanted, 5);
    }
  });

  it('evaluate/similarity refuses a subject that has none', async () => {
    const params = { data: await subjects(), inquiries: await randomInquiries(3), recognizer, ...float32 };
    await expect(similarityStage.run(params, context)).rejects.toMatchObject({
      code: 'InquiryMissing',
      data: { identity: 3, inquiries: 3 },
    });
  });

  it('evaluate/similarity refuses a recognizer in whose space they do not lie', async () => {
    const params = { data: await subjects(), inquiries: await randomInquiries(4) };
    const other = await putRecognizer(store, 2);
    await expect(similarityStage.run({ ...params, ...float32, recognizer: other }, context)).rejects.toMatchObject({
      code: 'RecognizerMismatch',
      data: { found: recognizer.digest, required: other.digest },
    });
  });

  it('stages that need images of inquiries say that there are none', async () => {
    const error = { code: 'InquiriesWithoutImages', message: expect.stringContaining('identity centers') };
    await expect(loadDataset(store, await centerInquiries())).rejects.toMatchObject(error);
    await expect(loadDataset(store, await randomInquiries(2))).rejects.toMatchObject({
      ...{ code: 'InquiriesWithoutImages', data: { origin: 'random', identities: 2 } },
    });
  });

  it('a manifest that states images of vectors, or whose file holds fewer vectors, is refused', async () => {
    const { meta, files } = await store.getArtifact(await randomInquiries(3));
    const put = (more: object) => store.putArtifact({ type: 'inquiries', meta: { ...meta, ...more }, files });
    await expect(loadInquiries(store, await put({ images: 3 }))).rejects.toMatchObject({ code: 'ArtifactInvalid' });
    await expect(loadInquiries(store, await put({ identities: 4 }))).rejects.toMatchObject({ code: 'ArtifactInvalid' });
    await expect(loadInquiries(store, await put({ origin: 'dreams' }))).rejects.toMatchObject({
      code: 'ArtifactInvalid',
    });
  });
});
