import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stage as align } from '../../activities/data-align/stage.ts';
import { choose } from '../../activities/data-detect/choose.ts';
import { stage } from '../../activities/data-detect/stage.ts';
import { stage as importDetector } from '../../activities/detector-import/stage.ts';
import { shardsOf } from '../../artifacts/shards.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { contentDigest } from '../../formats/content.ts';
import { stageContext } from '../faces/context.ts';

const common = {
  ...{ size: 112, minFace: 40, minImages: 1, maxImages: 0, onBadFile: 'fail' as const, links: 'inside' as const },
  ...{ people: 'real' as const, licence: '', source: '', consent: '' },
};
const context = stageContext();
const at = (path: string) => ({ ...context, places: { path } });
const fixture = (path: string): string => fileURLToPath(new URL(`../fixtures/${path}`, import.meta.url));
let photos: string;
let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'detect-'));
  photos = join(home, 'photos');
  for (const [path, name] of [
    ['ann/1', 'smooth'],
    ['ann/2, "b"', 'edge'],
    ['bob/1', 'narrow'],
  ] as const) {
    await mkdir(join(photos, path, '..'), { recursive: true });
    await copyFile(fixture(`align/${name}.png`), join(photos, `${path}.png`));
  }
});
afterAll(() => rm(home, { recursive: true }));

/** A file of a detector, put into a folder as facenet-pytorch has it. */
const put = async (from: string, folder: string, to = from.replace(/.*\//, '')): Promise<void> => {
  await mkdir(join(home, folder), { recursive: true });
  await writeFile(join(home, folder, `${to}.pt`), gunzipSync(await readFile(fixture(`detector/${from}.pt.gz`))));
};

/** Sees a face everywhere, or nowhere: see `test/fixtures/detector/make.py`. */
const detectorOf = async (folder: 'face' | 'none'): Promise<ArtifactRef> => {
  for (const network of ['pnet', 'rnet', 'onet']) await put(`${folder}/${network}`, folder);
  const path = join(home, folder);
  const { weights } = await importDetector.run(
    { licence: 'MIT', source: 'here', content: await contentDigest(path) },
    at(path),
  );
  return weights as ArtifactRef;
};
const run = async (detector: ArtifactRef, more: Partial<typeof common> = {}) => {
  const { data } = await stage.run({ ...common, ...more, detector, face: 'central' }, at(photos));
  return { ref: data as ArtifactRef, ...(await context.store.getArtifact(data as ArtifactRef)) };
};

describe('raw photos with a detector', () => {
  test('become a dataset whose landmarks give the same bytes again', async () => {
    const detector = await detectorOf('face');
    expect((await context.store.getArtifact(detector)).meta).toMatchObject({
      network: { family: 'mtcnn' },
      imported: { licence: 'MIT', source: 'here' },
    });
    const { meta, files } = await run(detector);
    expect(meta).toMatchObject({
      ...{ origin: 'detect', identities: 2, images: 3, height: 112, width: 112 },
      alignment: { landmarks: 'detected', landmarksOn: 'upright', minFace: 40, detector: detector.digest },
    });
    const list = files.find(({ path }) => path === 'landmarks.csv');
    const csv = await context.store.getBlob(list?.digest as `sha256:${string}`);
    expect(csv.toString().split('\n')).toHaveLength(5);
    await writeFile(join(photos, 'landmarks.csv'), csv);
    try {
      const again = await align.run({ ...common, minFace: 1, landmarks: 'auto', landmarksOn: 'upright' }, at(photos));
      const made = await context.store.getArtifact(again.data as ArtifactRef);
      expect(shardsOf(made.files)).toEqual(shardsOf(files));
    } finally {
      await rm(join(photos, 'landmarks.csv'));
    }
  });

  test('that show no face are named', async () => {
    const failure = await run(await detectorOf('none')).catch((error) => error);
    expect(failure).toMatchObject({ code: 'BadImages', data: { count: 3 } });
    expect(failure.message).toContain('bob/1.png (shows no face)');
  });

  test('need a detector, and its three files', async () => {
    const { ref } = await run(await detectorOf('face'));
    await expect(run(ref)).rejects.toMatchObject({ code: 'ArtifactInvalid' });
    await put('face/pnet', 'parts');
    const importing = () => importDetector.run({ licence: '', source: '' }, at(join(home, 'parts')));
    await expect(importing()).rejects.toMatchObject({ code: 'WeightsNotFound', data: { file: 'rnet.pt' } });
    await put('face/onet', 'parts', 'rnet');
    await put('face/onet', 'parts');
    await expect(importing()).rejects.toMatchObject({ code: 'WeightsMismatch' });
  });
});

test('of several faces, the one that is large and central is taken, or the largest', () => {
  const face = (left: number, top: number, side: number, score: number) => ({
    ...{ left, top, right: left + side, bottom: top + side, score, landmarks: [] },
  });
  const [central, corner, same] = [face(80, 80, 40, 0.9), face(0, 0, 60, 0.99), face(80, 80, 40, 0.8)];
  const photo = { height: 200, width: 200 };
  expect(choose([corner, central, same], photo, 'central')).toBe(central);
  expect(choose([corner, central, same], photo, 'largest')).toBe(corner);
  expect(choose([], photo, 'largest')).toBeUndefined();
});
