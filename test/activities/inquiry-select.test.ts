import { beforeAll, describe, expect, it } from 'vitest';
import { stage as verification } from '../../activities/evaluate-verification/stage.ts';
import type { Against } from '../../activities/inquiry-select/resembling.ts';
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

  const choose = async (
    more: Partial<typeof params> & { count: number; maxSimilarity: number; against?: readonly Against[] },
    perIdentity = 1,
  ) =>
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

  describe('where candidates are not to resemble others', () => {
    /** Cosine of each candidate to the nearest of the others, written plainly: to images, or to means of identities. */
    const nearest = (candidates: Float32Array, others: Float32Array): number[] =>
      Array.from({ length: candidates.length / 6 }, (_, row) =>
        Math.max(
          ...Array.from({ length: others.length / 6 }, (_, other) => rowCosine(candidates, row, others, other, 6)),
        ),
      );
    const meansOf = (embeddings: Float32Array, images: number): Float32Array =>
      Float32Array.from({ length: embeddings.length / images }, (_, i) => {
        const [person, k] = [Math.floor(i / 6), i % 6];
        const sumAt = (at: number): number =>
          Array.from({ length: images }, (_, image) => embeddings[(person * images + image) * 6 + at] as number).reduce(
            (a, b) => a + b,
          );
        const length = Math.hypot(...Array.from({ length: 6 }, (_, at) => sumAt(at)));
        return sumAt(k) / length;
      });
    const median = (values: readonly number[]): number =>
      [...values].sort((a, b) => a - b)[values.length >> 1] as number;

    it.each(['identities', 'images'] as const)(
      'leaves out those above the bound to any of its %s, and counts them',
      async (by) => {
        const [data, people] = [await toyDataset(store, 30, 1, 500), await toyDataset(store, 8, 3, 700)];
        const others = await embed(people);
        const similarities = nearest(await embed(data), by === 'images' ? others : meansOf(others, 3));
        const bound = median(similarities);
        const kept = similarities.flatMap((value, row) => (value > bound + 1e-6 ? [] : [500 + row]));
        expect(kept.length).toBeGreaterThan(10);
        expect(kept.length).toBeLessThan(20);
        const against = [{ data: people, maxSimilarity: bound + 1e-6, by }];
        const ref = await choose({ data, count: kept.length, maxSimilarity: 1.1, against });
        expect([...(await loadInquiries(store, ref)).identities]).toEqual(kept);
        const { meta } = await inquiriesCodec.read(store, ref);
        const looked = similarities.slice(0, meta.candidates);
        const leftOut = looked.filter((value) => value > bound + 1e-6).length;
        expect(meta.against).toEqual([{ data: people.digest, maxSimilarity: bound + 1e-6, by, leftOut }]);
        const more = { data, count: kept.length + 1, maxSimilarity: 1.1, against };
        await expect(choose(more)).rejects.toMatchObject({ code: 'TooFewInquiries' });
      },
    );

    it('takes out the very people of a set, and says of which set each was', async () => {
      const data = await toyDataset(store, 6, 1, 600);
      const [first, second] = [await toyDataset(store, 1, 1, 600), await toyDataset(store, 2, 1, 600)];
      const same = { maxSimilarity: 0.99999, by: 'images' as const };
      const against = [first, second].map((each) => ({ data: each, ...same }));
      const ref = await choose({ data, count: 4, maxSimilarity: 1.1, against });
      expect([...(await loadInquiries(store, ref)).identities]).toEqual([602, 603, 604, 605]);
      expect((await inquiriesCodec.read(store, ref)).meta.against?.map(({ leftOut }) => leftOut)).toEqual([1, 1]);
    });

    it('says nothing of sets where there are none', async () => {
      const { meta } = await inquiriesCodec.read(store, await choose({ count: 1, maxSimilarity: 1 }));
      expect('against' in meta).toBe(false);
    });
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
