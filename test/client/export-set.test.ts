import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stage } from '../../activities/data-import/stage.ts';
import { putInquiryRows } from '../../artifacts/codecs/inquiries.ts';
import { DatasetWriter } from '../../artifacts/dataset.ts';
import { shardsOf, unpackShard } from '../../artifacts/shards.ts';
import { writeSoftLabels } from '../../artifacts/soft-labels.ts';
import { exportArrays } from '../../client/export/arrays.ts';
import { exportSet, setFormats } from '../../client/export/set.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { sourceTypes } from '../../formats/generated-mark.ts';
import { decodeImage } from '../../formats/image.ts';
import { openNpy } from '../../formats/npy/index.ts';
import { inMemory } from '../../formats/source.ts';
import { stageContext } from '../faces/context.ts';

const context = stageContext();
const { store } = context;
let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'export-'));
});
afterAll(() => rm(home, { recursive: true }));

const picture = (level: number) =>
  sharp({ create: { width: 8, height: 8, channels: 3, background: { r: level, g: 255 - level, b: 90 } } });

/** Three identities of JPEG, PNG and WebP files. */
const setOf = async (peopleShown: 'real' | 'generated' | 'drawn'): Promise<ArtifactRef> => {
  const writer = new DatasetWriter(store, { height: 8, width: 8, shardBytes: 8192 });
  for (const [identity, images] of [2, 1, 3].entries())
    for (let image = 0; image < images; image++) {
      const plain = picture(40 * identity + image);
      const file = [plain.jpeg(), plain.png(), plain.webp()][identity] as Sharp;
      await writer.addEncoded({ identity, image, bytes: await file.toBuffer() });
    }
  return writer.finish({ origin: 'import', peopleShown });
};

const samplesOf = async (ref: ArtifactRef) => {
  const shards = shardsOf((await store.getArtifact(ref)).files);
  const unpacked = shards.map(async ({ digest, path }) => unpackShard(await store.getBlob(digest), path));
  return (await Promise.all(unpacked)).flat();
};

const importAgain = async (path: string, format: string): Promise<ArtifactRef> => {
  const params: Parameters<typeof stage.run>[0] = {
    ...{ format, size: 8, fit: 'exact', minImages: 1, maxImages: 0, onBadFile: 'fail', links: 'inside' },
    ...{ people: 'real', licence: '', source: '', consent: '' },
  };
  return (await stage.run(params, { ...context, places: { path } })).data as ArtifactRef;
};

describe('a dataset that is exported', () => {
  it('says where its images are mixtures, whose second identities no format holds', async () => {
    const { meta, files } = await store.getArtifact(await setOf('generated'));
    const labels = { second: Int32Array.from({ length: 6 }, () => 1), ratio: new Float32Array(6).fill(0.5) };
    const mixed = [...files, await writeSoftLabels(store, labels)];
    const set = await store.putArtifact({ type: 'dataset', meta, files: mixed });
    expect(await exportSet(store, set, 'folder', join(home, 'mixtures'))).toEqual({
      identities: 3,
      images: 6,
      mixtures: true,
    });
  });

  it.each(setFormats)('as %s and taken in again is the same to the byte', async (format) => {
    const set = await setOf('real');
    const path = join(home, `real-${format}`);
    expect(await exportSet(store, set, format, path)).toEqual({ identities: 3, images: 6 });
    for (const named of ['auto', format]) {
      const again = await samplesOf(await importAgain(path, named));
      expect(again.map(({ bytes, ...sample }) => ({ ...sample, bytes: Buffer.from(bytes) }))).toEqual(
        (await samplesOf(set)).map(({ bytes, ...sample }) => ({ ...sample, bytes: Buffer.from(bytes) })),
      );
    }
    await expect(exportSet(store, set, format, path)).rejects.toMatchObject({ code: 'ExportExists' });
  });

  it.each([
    ['generated', sourceTypes.generated],
    ['drawn', sourceTypes.drawn],
  ] as const)('says in its files that it was %s, and has the same pixels', async (shown, type) => {
    const set = await setOf(shown);
    const before = (await samplesOf(set)).map(({ bytes }) => Buffer.from(bytes));
    const path = join(home, shown);
    await exportSet(store, set, 'folder', path);
    const names = (await readdir(path, { recursive: true })).filter((name) => name.includes('.')).sort();
    expect(names).toHaveLength(6);
    for (const [i, name] of names.entries()) {
      const bytes = await readFile(join(path, name));
      expect((await sharp(bytes).metadata()).xmp?.toString()).toContain(type);
      expect((await decodeImage(bytes)).pixels).toEqual((await decodeImage(before[i] as Buffer)).pixels);
    }
    expect((await samplesOf(set)).map(({ bytes }) => Buffer.from(bytes))).toEqual(before);
  });
});

describe('a generated set that also holds its inquiry images', () => {
  it('says of the generated images alone that they are generated: the copies may be photos', async () => {
    const writer = new DatasetWriter(store, { height: 8, width: 8 });
    for (let image = 0; image < 3; image++)
      await writer.addEncoded({ identity: 0, image, bytes: await picture(image).png().toBuffer() });
    const set = await writer.finish({
      origin: 'generated',
      peopleShown: 'generated',
      generatedImages: 2,
      oversample: 1,
    });
    const path = join(home, 'copies');
    await exportSet(store, set, 'folder', path);
    const isMarked = async (name: string) => (await sharp(join(path, '000000', name)).metadata()).xmp !== undefined;
    expect(await Promise.all(['0000.png', '0001.png', '0002.png'].map(isMarked))).toEqual([true, true, false]);
  });
});

describe('arrays that are exported', () => {
  it('are one .npy file for each tensor', async () => {
    const files = await putInquiryRows(store, {
      ...{ count: 2, embeddingSize: 2, embeddings: Float32Array.of(1, 0, 0, 1) },
      ...{ identities: Int32Array.of(4, 9), images: Int32Array.of(0, 3) },
    });
    const ref = await store.putArtifact({ type: 'inquiries', meta: {}, files });
    const path = join(home, 'arrays');
    expect((await exportArrays(store, ref, path)).sort()).toEqual(['embeddings.npy', 'identities.npy', 'images.npy']);
    const file = await openNpy(inMemory('embeddings.npy', await readFile(join(path, 'embeddings.npy'))));
    expect(file).toMatchObject({ dtype: 'float32', shape: [2, 2] });
  });

  it('are refused of what holds none', async () => {
    await expect(exportArrays(store, await setOf('real'), join(home, 'none'))).rejects.toMatchObject({
      code: 'NoArrays',
    });
  });
});
