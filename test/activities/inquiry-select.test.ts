import { beforeAll, describe, expect, it } from 'vitest';
import { stage } from '../../activities/inquiry-select/stage.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { loadInquiries } from '../../data/inquiries.ts';
import { loadDataset } from '../../data/loader/load.ts';
import { rowCosine, selectApart } from '../../metrics/similarity.ts';
import { Embedder, loadRecognizer } from '../../training/recognizer.ts';
import { putRecognizer } from '../methods/cemiface/tiny.ts';
import { toyContext, toyDataset } from './toy.ts';

describe('a limit of similarity that is reached', () => {
  /** Cosines to the first row: exactly 0.5, just below it, and exactly −0.5. */
  const rows = Float32Array.of(1, 0, 0.5, 0.875, 0.499, 0.875, -0.5, 0.875);

  it('is too near: only what stays below it is taken', () => {
    expect(selectApart(rows, 2, { count: 2, maxSimilarity: 0.5 })).toEqual([0, 2]);
    expect(selectApart(rows, 2, { count: 2, maxSimilarity: 0.5 + 1e-9 })).toEqual([0, 1]);
    expect(selectApart(rows, 2, { count: 4, maxSimilarity: -0.5 })).toEqual([0]);
  });

  it('holds for every pair, not only for neighbours and not only for the first', () => {
    // Three directions: the third is far from the second and near the first; the fourth is near the second alone.
    const four = Float32Array.of(1, 0, 0, 1, 1, 0, 0, 1);
    expect(selectApart(four, 2, { count: 4, maxSimilarity: 0.3 })).toEqual([0, 1]);
  });
});

describe('inquiry/select', () => {
  const context = toyContext();
  const { store } = context;
  let params: { data: ArtifactRef; recognizer: ArtifactRef };
  let cosine: number;

  beforeAll(async () => {
    params = { data: await toyDataset(store, 2, 3), recognizer: await putRecognizer(store) };
    const embedder = new Embedder(await loadRecognizer(store, params.recognizer));
    const embeddings = await embedder.embed(await loadDataset(store, params.data), context);
    embedder.dispose();
    cosine = rowCosine(embeddings, 0, embeddings, 3, 6);
  });

  const select = async (more: { count: number; maxSimilarity: number; imagesPerIdentity: number }) => {
    const { inquiries } = await stage.run({ ...params, ...more }, context);
    const { identities, images } = await loadInquiries(store, inquiries as ArtifactRef);
    return [...identities].map((identity, i) => [identity, images[i]]);
  };

  it('refuses a pair that reaches the limit', async () => {
    const two = { count: 2, imagesPerIdentity: 1 };
    await expect(select({ ...two, maxSimilarity: cosine })).rejects.toMatchObject({ code: 'TooFewInquiries' });
    expect(await select({ ...two, maxSimilarity: cosine + 1e-3 })).toEqual([
      [0, 0],
      [1, 0],
    ]);
  });

  it('takes candidates from the first images of each identity, as many as asked for', async () => {
    expect(await select({ count: 1, maxSimilarity: 1, imagesPerIdentity: 1 })).toEqual([[0, 0]]);
    const many = { count: 4, maxSimilarity: 1, imagesPerIdentity: 2 };
    expect(await select(many)).toEqual([
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ]);
  });
});
