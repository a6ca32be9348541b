import { mkdir, mkdtemp, readFile, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import sharp from 'sharp';
import { beforeAll } from 'vitest';
import { stage } from '../../activities/data-align/stage.ts';
import { stage as detect } from '../../activities/data-detect/stage.ts';
import { stage as detector } from '../../activities/detector-import/stage.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import type { JsonObject } from '../../core/errors.ts';
import { template } from '../../data/align/template.ts';
import { stageContext } from '../faces/context.ts';
import { sweep, terms } from './sweep.ts';

const context = stageContext();
const side = 40;
const points = [...template({ height: side, width: side })];
const shifted = points.map((value) => value + 1);

/** A photo that is no square symmetry of itself, lying on its side by its EXIF orientation. */
const photo = (seed: number): Promise<Buffer> =>
  sharp(
    Uint8Array.from({ length: side * side * 3 }, (_, i) => (seed + 5 * (i % side) + 2 * Math.floor(i / 120)) % 256),
    { raw: { width: side, height: side, channels: 3 } },
  )
    .png()
    .withMetadata({ orientation: 6 })
    .toBuffer();

const folderOf = async (paths: readonly string[], without: readonly string[] = []): Promise<string> => {
  const home = await mkdtemp(join(tmpdir(), 'raw-'));
  for (const [i, path] of paths.entries()) {
    await mkdir(dirname(join(home, path)), { recursive: true });
    await writeFile(join(home, path), await photo(7 * i));
  }
  const rows = (landmarks: readonly number[], names = paths): string =>
    names
      .filter((path) => !without.includes(path))
      .map((path) => `${path},${landmarks.join(',')}\n`)
      .join('');
  await writeFile(join(home, 'landmarks.csv'), rows(points, [...paths, 'dan/1.png', 'dan/2.png']));
  await writeFile(join(home, 'other.csv'), rows(shifted));
  return home;
};

let good: string;
let more: string;
let bad: string;
let linked: string;
beforeAll(async () => {
  const paths = ['ann/1.png', 'ann/2.png', 'bob/1.png'];
  good = await folderOf(paths);
  more = await folderOf([...paths, 'bob/2.png']);
  bad = await folderOf(paths, ['ann/2.png']);
  linked = await folderOf(paths);
  await symlink(join(more, 'bob'), join(linked, 'dan'));
});

sweep('data/align', {
  store: context.store,
  run: ({ path, ...params }) => stage.run(params as never, { ...context, places: { path: path as string } }),
  // The list that is not used is a file that cannot be.
  base: () => ({ path: good, size: 20, onBadFile: 'skip' }),
  changes: () => ({
    path: { to: more },
    landmarks: { to: 'other.csv' },
    landmarksOn: { to: 'stored' },
    size: { to: 24 },
    minFace: { to: 41 },
    minImages: { to: 2 },
    maxImages: { to: 1 },
    onBadFile: { to: 'fail', with: { path: bad } },
    links: { to: 'inside', with: { path: linked, links: 'anywhere' } },
    people: { to: 'drawn', onlyStated: true },
    ...terms,
  }),
});

/** The small detectors of `test/fixtures/detector/make.py`, unpacked. */
const unpacked = async (name: 'face' | 'none'): Promise<string> => {
  const home = await mkdtemp(join(tmpdir(), 'detector-'));
  for (const network of ['pnet', 'rnet', 'onet']) {
    const packed = await readFile(new URL(`../fixtures/detector/${name}/${network}.pt.gz`, import.meta.url));
    await writeFile(join(home, `${network}.pt`), gunzipSync(packed));
  }
  return home;
};

let [face, none, wide] = ['', '', ''];
const weights: JsonObject[] = [];
beforeAll(async () => {
  [face, none] = [await unpacked('face'), await unpacked('none')];
  wide = await mkdtemp(join(tmpdir(), 'wide-'));
  await mkdir(join(wide, 'ann'));
  await sharp(await photo(1))
    .resize(240, side, { fit: 'fill' })
    .png()
    .toFile(join(wide, 'ann/1.png'));
  for (const path of [face, none]) {
    const made = await detector.run({ licence: '', source: '' }, { ...context, places: { path } });
    weights.push({ ...(made.weights as ArtifactRef) });
  }
});

sweep('detector/import', {
  store: context.store,
  run: ({ path, ...params }) => detector.run(params as never, { ...context, places: { path: path as string } }),
  base: () => ({ path: face }),
  changes: () => ({
    path: { to: none },
    licence: { to: 'MIT', onlyStated: true },
    source: { to: 'https://example.org', onlyStated: true },
  }),
});

sweep('data/detect', {
  store: context.store,
  run: ({ path, ...params }) => detect.run(params as never, { ...context, places: { path: path as string } }),
  base: () => ({ path: good, detector: weights[0] as JsonObject, size: 20, minFace: 20, onBadFile: 'skip' }),
  changes: () => ({
    path: { to: more },
    detector: { to: weights[1] as JsonObject },
    size: { to: 24 },
    minFace: { to: 30 },
    face: { to: 'largest', with: { path: wide } },
    minImages: { to: 2 },
    maxImages: { to: 1 },
    onBadFile: { to: 'fail', with: { path: bad } },
    links: { to: 'inside', with: { path: linked, links: 'anywhere' } },
    people: { to: 'drawn', onlyStated: true },
    ...terms,
  }),
});
