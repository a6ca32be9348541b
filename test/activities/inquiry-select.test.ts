import { beforeAll, describe, expect, it } from 'vitest';
import { stage as verification } from '../../activities/evaluate-verification/stage.ts';
import { stage } from '../../activities/inquiry-select/stage.ts';
import { inquiriesCodec } from '../../artifacts/codecs/inquiries.ts';
import type { MeasuredThreshold } from '../../artifacts/threshold.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { loadInquiries } from '../../data/inquiries.ts';
import { loadDataset } from '../../data/loader/load.ts';
import { ApartSelection } from '../../metrics/apart.ts';
import { rowCosine } from '../../metrics/similarity.ts';
import type { View } from '../../nn/recognizer/view.ts';
import { Embedder, loadRecognizer } from '../../training/recognizer.ts';
import { putRecognizer } from '../methods/cemiface/tiny.ts';
import { float32, toyBenchmarks, toyContext, toyDataset } from './toy.ts';

describe('inquiry/select', () => {
  const context = toyContext();
  const { store } = context;
  let params: { data: ArtifactRef; recognizer: ArtifactRef; threshold: MeasuredThreshold | null };

  beforeAll(async () => {
    params = { data: await toyDataset(store, 2, 3), recognizer: await putRecognizer(store), threshold: null };
  });

  /** Embeddings of a whole set. */
  const embed = async (data: ArtifactRef, view: View = 'plain'): Promise<Float32Array> => {
    const embedder = new Embedder(await loadRecognizer(store, params.recognizer), { view, ...float32 });
    const embeddings = await embedder.embed(await loadDataset(store, data), context);
    embedder.dispose();
    return embeddings;
  };

  const choose = async (more: Partial<typeof params> & { count: number; maxSimilarity: number }, perIdentity = 1) =>
    (await stage.run({ ...params, ...more, ...float32, imagesPerIdentity: perIdentity }, context))
      .inquiries as ArtifactRef;

  const select = async (...given: Parameters<typeof choose>) => {
    const { identities, images } = await loadInquiries(store, await choose(...given));
    return [...identities].map((identity, i) => [identity, images[i]]);
  };

  it('refuses a pair that reaches the limit', async () => {
    const embeddings = await embed(params.data);
    const cosine = rowCosine(embeddings, 0, embeddings, 3, 6);
    await expect(select({ count: 2, maxSimilarity: cosine })).rejects.toMatchObject({ code: 'TooFewInquiries' });
    expect(await select({ count: 2, maxSimilarity: cosine + 1e-3 })).toEqual([
      [0, 0],
      [1, 0],
    ]);
  });

  it('takes candidates from the first images of each identity, as many as asked for', async () => {
    expect(await select({ count: 1, maxSimilarity: 1 })).toEqual([[0, 0]]);
    expect(await select({ count: 4, maxSimilarity: 1 }, 2)).toEqual([
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ]);
  });

  it('states the limit, the recognizer and how many candidates it looked at', async () => {
    const data = await toyDataset(store, 9, 1);
    const { meta } = await inquiriesCodec.read(store, await choose({ data, count: 2, maxSimilarity: 1 }));
    expect(meta).toMatchObject({ origin: 'images', maxSimilarity: 1, candidates: 2 });
    expect(meta.recognizer).toBe(params.recognizer.digest);
  });

  it('looks at more than one block of candidates', async () => {
    const data = await toyDataset(store, 270, 1);
    const ref = await choose({ data, count: 262, maxSimilarity: 1 });
    const inquiries = await loadInquiries(store, ref);
    const { candidates } = (await inquiriesCodec.read(store, ref)).meta;
    const wanted = new ApartSelection(6, { count: 262, maxSimilarity: 1 });
    const embeddings = await embed(data);
    wanted.offer(embeddings);
    expect([...inquiries.identities]).toEqual(wanted.taken);
    expect(candidates).toBe(wanted.seen);
    expect(candidates).toBeGreaterThan(256);
    expect(inquiries.embeddings.subarray(6 * 261)).toEqual(embeddings.slice(6 * (wanted.seen - 1), 6 * wanted.seen));
  });

  describe('with the limit of a measured threshold', () => {
    let threshold: MeasuredThreshold;
    let cosine: number;

    beforeAll(async () => {
      const benchmarks = await toyBenchmarks(store, 200);
      const given = { recognizer: params.recognizer, benchmarks, sets: [], ...float32 };
      const metrics = (await verification.run(given, context)).metrics as ArtifactRef;
      const [file] = (await store.getArtifact(metrics)).files;
      const { sets } = JSON.parse((await store.getBlob(file?.digest as never)).toString());
      // |a − b|² = 2 − 2 cos of unit vectors.
      cosine = (2 - sets.lfw.threshold) / 2;
      threshold = { metrics, set: 'lfw' };
    });

    it('takes its cosine, in embeddings of image and mirror image', async () => {
      const data = await toyDataset(store, 60, 1, 300);
      const both = await embed(data, 'both');
      const wanted = new ApartSelection(6, { count: 60, maxSimilarity: cosine });
      wanted.offer(both);
      const count = wanted.taken.length;
      expect(count).toBeGreaterThan(1);
      const plain = new ApartSelection(6, { count: 60, maxSimilarity: cosine });
      plain.offer(await embed(data));
      expect(plain.taken).not.toEqual(wanted.taken);

      const ref = await choose({ data, threshold, count, maxSimilarity: -1 });
      const found = await loadInquiries(store, ref);
      expect([...found.identities]).toEqual(wanted.taken.map((row) => 300 + row));
      expect(found.embeddings).toEqual(wanted.embeddings);
      expect((await inquiriesCodec.read(store, ref)).meta.maxSimilarity).toBeCloseTo(cosine, 12);
      const more = { data, threshold, count: count + 1, maxSimilarity: 1 };
      await expect(choose(more)).rejects.toMatchObject({ code: 'TooFewInquiries', data: { found: count } });
    });

    it('refuses a threshold of another recognizer, and a set that was not measured', async () => {
      const other = { recognizer: await putRecognizer(store, 2), count: 1, maxSimilarity: 1 };
      await expect(choose({ ...other, threshold })).rejects.toMatchObject({
        code: 'ThresholdMismatch',
        data: { found: params.recognizer.digest, required: other.recognizer.digest },
      });
      const wrong = { threshold: { ...threshold, set: 'ijb' }, count: 1, maxSimilarity: 1 };
      await expect(choose(wrong)).rejects.toMatchObject({
        code: 'ThresholdMissing',
        remedy: expect.stringContaining('lfw'),
      });
    });

    it('refuses metrics that do not say what they measured', async () => {
      const { files } = await store.getArtifact(threshold.metrics);
      const old = await store.putArtifact({ type: 'metrics', meta: { kind: 'verification' }, files });
      const given = { threshold: { metrics: old, set: 'lfw' }, count: 1, maxSimilarity: 1 };
      await expect(choose(given)).rejects.toMatchObject({ code: 'ThresholdMismatch', data: { found: null } });
    });
  });
});
