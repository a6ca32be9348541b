import { mkdir, mkdtemp, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { beforeAll } from 'vitest';
import { stage } from '../../activities/data-align/stage.ts';
import { template } from '../../data/align/template.ts';
import { stageContext } from '../faces/context.ts';
import { sweep } from './sweep.ts';

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
    licence: { to: 'CC0', onlyStated: true },
    source: { to: 'https://example.org', onlyStated: true },
    consent: { to: 'given', onlyStated: true },
  }),
});
