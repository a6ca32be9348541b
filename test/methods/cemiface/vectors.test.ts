import { beforeAll, describe, expect, it } from 'vitest';
import { stage as centersStage } from '../../../activities/centers-compute/stage.ts';
import { stage as ofCenters } from '../../../activities/inquiry-centers/stage.ts';
import { inquiriesCodec } from '../../../artifacts/codecs/inquiries.ts';
import type { ArtifactRef } from '../../../core/artifact.ts';
import { loadInquiries, saveInquiries } from '../../../data/inquiries.ts';
import { loadDataset } from '../../../data/loader/load.ts';
import { stage } from '../../../methods/cemiface/generate/stage.ts';
import { loadStageSchemas } from '../../../schemas/stage-schemas.ts';
import { float32, toyContext, toyDataset } from '../../activities/toy.ts';
import { allPixels } from '../../helpers/images.ts';
import { putGenerator, putInquiries, putRecognizer } from './tiny.ts';

const subjects = 3;
const context = toyContext();
const { store } = context;
let recognizer: ArtifactRef;
let generator: ArtifactRef;
let images: ArtifactRef;
let vectors: ArtifactRef;

/** Mean embeddings of one image each: vectors that are E_id of the very images of `images`. */
const centersOf = async (by: ArtifactRef): Promise<ArtifactRef> => {
  const data = await toyDataset(store, subjects, 1);
  const params = { data, recognizer: by, source: 'mean' as const, groups: 1, ...float32 };
  const centers = (await centersStage.run(params, context)).centers as ArtifactRef;
  return (await ofCenters.run({ centers, count: 0 }, context)).inquiries as ArtifactRef;
};

beforeAll(async () => {
  recognizer = await putRecognizer(store);
  generator = await putGenerator(store, recognizer);
  images = await putInquiries(store, subjects);
  vectors = await centersOf(recognizer);
});

/** The schema's defaults for everything else. */
const paramsOf = (inquiries: ArtifactRef, more: object = {}): never => {
  const given = { generator: { ...generator }, inquiries: { ...inquiries }, m: 0.2, images: 2, oversample: 0 };
  const params = { ...given, steps: 3, batch: 4, shardIdentities: 2, ...more };
  const { validate } = loadStageSchemas().get('diffusion/generate') as { validate(params: unknown): boolean };
  if (!validate(params)) throw new Error('the parameters must pass the schema');
  return params as never;
};

const setOf = async (params: never): Promise<ArtifactRef> => {
  const shards = await stage.split(params, context);
  const made = await Promise.all(shards.map((shard) => stage.runShard(shard, context)));
  return (await stage.join(params, made, context)).data as ArtifactRef;
};

describe('diffusion/generate from inquiries without images', () => {
  it('takes the vectors as C_id: those of images make what the images make', async () => {
    const [set, wanted] = [await setOf(paramsOf(vectors)), await setOf(paramsOf(images))];
    const [found, expected] = [await loadDataset(store, set), await loadDataset(store, wanted)];
    expect([found.count, found.classes]).toEqual([subjects * 2, subjects]);
    expect(await allPixels(found)).toEqual(await allPixels(expected));
    expect((await store.getArtifact(set)).meta).toEqual((await store.getArtifact(wanted)).meta);
  });

  it('takes each vector for its own subject: other vectors make other images', async () => {
    const reversed = await loadInquiries(store, vectors);
    const rows = [2, 1, 0].flatMap((row) => [...reversed.embeddings.subarray(row * 6, (row + 1) * 6)]);
    const turned = await saveInquiries(
      store,
      { ...reversed, embeddings: Float32Array.from(rows) },
      { recognizer: recognizer.digest },
    );
    const [before, after] = await Promise.all(
      [vectors, turned].map(async (ref) => allPixels(await loadDataset(store, await setOf(paramsOf(ref))))),
    );
    const size = (before as Buffer).length / subjects;
    const subject = (pixels: Buffer | undefined, k: number) => pixels?.subarray(k * size, (k + 1) * size);
    expect(subject(after, 1)).toEqual(subject(before, 1));
    expect(subject(after, 0)).not.toEqual(subject(before, 0));
    expect(subject(after, 2)).not.toEqual(subject(before, 2));
  });

  it('refuses vectors in the space of another recognizer', async () => {
    const other = await putRecognizer(store, 2);
    await expect(stage.split(paramsOf(await centersOf(other)), context)).rejects.toMatchObject({
      code: 'RecognizerMismatch',
      data: { found: other.digest, required: recognizer.digest },
    });
  });

  it('refuses copies of images that there are not, and says how to go on', async () => {
    await expect(stage.split(paramsOf(vectors, { oversample: 5 }), context)).rejects.toMatchObject({
      code: 'InquiriesWithoutImages',
      remedy: 'set oversample: 0',
    });
    // A grid has no copies.
    expect(await stage.split(paramsOf(vectors, { oversample: 5, m: [0, 1] }), context)).toHaveLength(2);
  });

  it('states in the inquiries of a shard what they are, and nothing that changes when the set grows', async () => {
    const [few, more] = [
      await stage.split(paramsOf(vectors, { identities: 2 }), context),
      await stage.split(paramsOf(vectors), context),
    ];
    expect(more[0]).toEqual(few[0]);
    const { meta } = await inquiriesCodec.read(store, few[0]?.inquiries as ArtifactRef);
    expect(meta).toEqual({
      ...{ identities: 2, images: 0, embeddingSize: 6, origin: 'centers', recognizer: recognizer.digest },
    });
    const set = await loadInquiries(store, images);
    const facts = { recognizer: recognizer.digest, maxSimilarity: 1 };
    const [looked, again] = [
      await saveInquiries(store, set, { ...facts, candidates: 10 }),
      await saveInquiries(store, set, { ...facts, candidates: 20 }),
    ];
    expect(await stage.split(paramsOf(again), context)).toEqual(await stage.split(paramsOf(looked), context));
    const [shard] = await stage.split(paramsOf(looked), context);
    expect((await inquiriesCodec.read(store, shard?.inquiries as ArtifactRef)).meta).toMatchObject({
      ...{ origin: 'images', images: 2, recognizer: recognizer.digest, maxSimilarity: 1 },
    });
  });
});
