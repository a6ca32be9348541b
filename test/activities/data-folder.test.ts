import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stage } from '../../activities/data-folder/stage.ts';
import { stage as procedural } from '../../activities/data-procedural/stage.ts';
import { datasetCodec } from '../../artifacts/codecs/dataset.ts';
import { exportSet } from '../../client/export/set.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { pixelsOf } from '../../data/images.ts';
import { loadDataset } from '../../data/loader/load.ts';
import { contentDigest } from '../../formats/content.ts';
import { stageContext } from '../faces/context.ts';
import { allPixels } from '../helpers/images.ts';

const defaults = {
  ...{ size: 16, minImages: 2, maxImages: 0, onBadFile: 'fail' as const, links: 'inside' as const },
  ...{ faces: 'real' as const, licence: '', consent: '' },
};
const context = stageContext();
const at = (path: string) => ({ ...context, places: { path } });
let home: string;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'folder-'));
});
afterAll(() => rm(home, { recursive: true }));

const picture = (width: number, height: number, level: number) =>
  sharp({ create: { width, height, channels: 3, background: { r: level, g: 2 * level, b: 90 } } });

/** A folder with the given files: numbers stand for a photo of that level. */
const folderOf = async (name: string, files: Record<string, number | string | Buffer>): Promise<string> => {
  const root = join(home, name);
  for (const [path, content] of Object.entries(files)) {
    const location = join(root, path);
    await mkdir(join(location, '..'), { recursive: true });
    const photo =
      typeof content === 'number' ? await picture(40, 20, content).toFormat(formatOf(path)).toBuffer() : content;
    await writeFile(location, photo);
  }
  return root;
};
const formatOf = (path: string): 'png' | 'jpeg' | 'webp' =>
  path.endsWith('.png') ? 'png' : path.endsWith('.webp') ? 'webp' : 'jpeg';

describe('a folder of photos', () => {
  test('becomes a dataset: identities by name, JPEG, PNG and WebP scaled to cover the square', async () => {
    const path = await folderOf('good', {
      'bob/1.png': 40,
      'bob/2.webp': 50,
      'ann/a.jpg': 60,
      'ann/b.JPEG': 70,
      'ann/.hidden': 'x',
    });
    const { data } = (await stage.run(defaults, at(path))) as { data: ArtifactRef };
    const set = await loadDataset(context.store, data);
    expect([...set.identities]).toEqual([0, 0, 1, 1]);
    expect([...set.images]).toEqual([0, 1, 0, 1]);
    expect([set.height, set.width]).toEqual([16, 16]);
    const first = await Promise.all([0, 1, 2, 3].map(async (row) => (await pixelsOf(set, row))[0] as number));
    for (const [i, level] of [60, 70, 40, 50].entries()) expect(Math.abs((first[i] as number) - level)).toBeLessThan(5);
    expect((await context.store.getArtifact(data)).meta).toMatchObject({ origin: 'folder', identities: 2, images: 4 });
  });

  test('shows real people, or generated ones where its faces are synthetic', async () => {
    const path = await folderOf('whose', { 'ann/1.png': 10, 'ann/2.png': 20 });
    for (const [faces, peopleShown] of [
      ['real', 'real'],
      ['synthetic', 'generated'],
    ] as const) {
      const { data } = (await stage.run({ ...defaults, faces }, at(path))) as { data: ArtifactRef };
      expect((await datasetCodec.read(context.store, data)).meta.peopleShown).toBe(peopleShown);
    }
  });

  test('exported and taken in again has the same pixels', async () => {
    const look = { images: 2, size: 16, population: 'train', variation: 1, wear: 0.5 };
    const { data } = (await procedural.runShard({ ...look, first: 0, count: 3 }, context)) as { data: ArtifactRef };
    const path = join(home, 'exported');
    expect(await exportSet(context.store, data, 'folder', path)).toEqual({ identities: 3, images: 6 });
    const content = await contentDigest(path);
    const again = (await stage.run({ ...defaults, content }, at(path))) as { data: ArtifactRef };
    const [before, after] = [await loadDataset(context.store, data), await loadDataset(context.store, again.data)];
    expect(await allPixels(after)).toEqual(await allPixels(before));
    expect(after.identities).toEqual(before.identities);
  });

  test('exports nothing of what holds no images', async () => {
    const empty = await context.store.putArtifact({ type: 'metrics', meta: {}, files: [] });
    await expect(exportSet(context.store, empty, 'folder', join(home, 'none'))).rejects.toMatchObject({
      code: 'NoImages',
    });
  });

  test('gives at most maxImages of each identity', async () => {
    const path = await folderOf('many', {
      'ann/1.png': 10,
      'ann/2.png': 20,
      'ann/3.png': 30,
      'bob/1.png': 40,
      'bob/2.png': 50,
    });
    const { data } = (await stage.run({ ...defaults, maxImages: 2 }, at(path))) as { data: ArtifactRef };
    expect([...(await loadDataset(context.store, data)).identities]).toEqual([0, 0, 1, 1]);
  });
});

describe('what is wrong with a folder is said:', () => {
  test('bad files by name and count, or left out and listed', async () => {
    const whole = await picture(64, 64, 60).jpeg().toBuffer();
    const path = await folderOf('bad', {
      'ann/1.png': 10,
      'ann/2.png': 20,
      'ann/broken.jpg': whole.subarray(0, whole.length / 2),
      'ann/text.png': 'no picture',
      'ann/notes.txt': 'no picture',
      'ann/empty.png': '',
      'ann/deep/1.png': 30,
      'readme.md': 'hello',
    });
    const bad = ['ann/broken.jpg', 'ann/deep/1.png', 'ann/empty.png', 'ann/notes.txt', 'ann/text.png', 'readme.md'];
    await expect(stage.run(defaults, at(path))).rejects.toMatchObject({
      code: 'BadImages',
      data: { count: 6, files: bad },
    });
    const { data } = (await stage.run({ ...defaults, onBadFile: 'skip' }, at(path))) as { data: ArtifactRef };
    expect((await context.store.getArtifact(data)).meta).toMatchObject({
      images: 2,
      skipped: { count: 6, files: bad },
    });
  });

  test('over twenty bad files are counted, and twenty named', async () => {
    const files = Object.fromEntries(Array.from({ length: 25 }, (_, i) => [`ann/${i}.png`, 'no picture']));
    const path = await folderOf('worse', { ...files, 'ann/x1.png': 1, 'ann/x2.png': 2 });
    const failure = await stage.run(defaults, at(path)).catch((error) => error);
    expect(failure).toMatchObject({ code: 'BadImages', data: { count: 25 } });
    expect(failure.data.files).toHaveLength(20);
  });

  test('identities with too few images, with their counts, also when bad ones are left out', async () => {
    const path = await folderOf('few', { 'ann/1.png': 10, 'ann/2.png': 20, 'bob/1.png': 30 });
    await expect(stage.run(defaults, at(path))).rejects.toMatchObject({
      code: 'TooFewImages',
      data: { identities: 1, counts: { bob: 1 } },
    });
    await writeFile(join(path, 'bob', '2.png'), 'no picture');
    await expect(stage.run({ ...defaults, onBadFile: 'skip' }, at(path))).rejects.toMatchObject({
      code: 'TooFewImages',
      data: { counts: { bob: 1 } },
    });
    const empty = join(home, 'empty');
    await mkdir(empty);
    await expect(stage.run(defaults, at(empty))).rejects.toMatchObject({ code: 'TooFewImages' });
  });

  test('files that changed since the run was planned', async () => {
    const path = await folderOf('moving', { 'ann/1.png': 10, 'ann/2.png': 20 });
    const content = await contentDigest(path);
    await stage.run({ ...defaults, content }, at(path));
    await folderOf('moving', { 'ann/2.png': 21 });
    await expect(stage.run({ ...defaults, content }, at(path))).rejects.toMatchObject({ code: 'SourceChanged' });
  });

  test('links out of the folder, while links inside it are followed', async () => {
    const path = await folderOf('links', { 'ann/1.png': 10, 'ann/2.png': 20 });
    await symlink(join(path, 'ann', '1.png'), join(path, 'ann', '3.png'));
    const { data } = (await stage.run(defaults, at(path))) as { data: ArtifactRef };
    expect((await loadDataset(context.store, data)).count).toBe(3);
    await symlink(await folderOf('elsewhere', { '1.png': 10 }), join(path, 'bob'));
    await expect(stage.run(defaults, at(path))).rejects.toMatchObject({ code: 'LinkOutside' });
    const all = (await stage.run({ ...defaults, links: 'anywhere', minImages: 1 }, at(path))) as { data: ArtifactRef };
    expect((await loadDataset(context.store, all.data)).count).toBe(4);
  });

  test('a folder that is not there', async () => {
    await expect(stage.run(defaults, at(join(home, 'nowhere')))).rejects.toMatchObject({
      code: 'FolderNotFound',
      message: expect.stringContaining(join(home, 'nowhere')),
      remedy: expect.stringContaining('run the spec with the new path'),
    });
  });

  test('a run that does not say where its folder is: runs of earlier versions are started again from their spec', async () => {
    await expect(stage.run(defaults, context)).rejects.toMatchObject({
      code: 'PlaceUnknown',
      message: expect.stringContaining('"path"'),
      remedy: expect.stringContaining('run the experiment again from its spec'),
    });
  });
});
