import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stage } from '../../activities/data-align/stage.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { pixelsOf } from '../../data/images.ts';
import { loadDataset } from '../../data/loader/load.ts';
import { contentDigest } from '../../formats/content.ts';
import { decodeImage } from '../../formats/image.ts';
import { stageContext } from '../faces/context.ts';

const defaults = {
  ...{ landmarks: 'auto', landmarksOn: 'upright' as const, size: 112, minFace: 24, minImages: 1, maxImages: 0 },
  ...{ onBadFile: 'fail' as const, links: 'inside' as const, people: 'real' as const },
  ...{ licence: 'CC0', source: 'here', consent: '' },
};
const context = stageContext();
let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'align-'));
});
afterAll(() => rm(home, { recursive: true }));

interface Case {
  readonly name: string;
  readonly landmarks: readonly number[];
}
const fixture = (name: string): URL => new URL(`../fixtures/align/${name}`, import.meta.url);
const { cases } = JSON.parse(readFileSync(fixture('cases.json'), 'utf8')) as { cases: Case[] };
const photo = (name: string): Promise<Buffer> => readFile(fixture(`${name}.png`));
const pointsOf = (name: string): readonly number[] => cases.find((each) => each.name === name)?.landmarks ?? [];
const row = (path: string, name: string): string => `${path},${pointsOf(name).join(',')}\n`;

const folderOf = async (name: string, files: Record<string, string | Uint8Array>): Promise<string> => {
  for (const [path, content] of Object.entries(files)) {
    const location = join(home, name, path);
    await mkdir(dirname(location), { recursive: true });
    await writeFile(location, content);
  }
  return join(home, name);
};

const run = async (path: string, more: Partial<Parameters<typeof stage.run>[0]> = {}) => {
  const { data } = (await stage.run({ ...defaults, ...more }, { ...context, places: { path } })) as {
    data: ArtifactRef;
  };
  const { meta } = await context.store.getArtifact(data);
  const set = await loadDataset(context.store, data);
  return { meta, pixels: await Promise.all(Array.from({ length: set.count }, (_, i) => pixelsOf(set, i))), data };
};
const aligned = async (name: string): Promise<Buffer> =>
  Buffer.from((await decodeImage(await photo(`${name}-aligned`))).pixels);

describe('raw photos with landmarks', () => {
  test('become a dataset with the pixels of numpy, whose manifest says how', async () => {
    const path = await folderOf('list', {
      'ann/1.png': await photo('smooth'),
      'bob/1.png': await photo('upside-down'),
      'bob/2.png': await photo('edge'),
      'landmarks.csv': `path,x1\n${row('bob/2.png', 'edge')}${row('ann/1.png', 'smooth')}${row('bob/1.png', 'upside-down')}`,
    });
    const { meta, pixels, data } = await run(path, { content: await contentDigest(path) });
    for (const [i, name] of ['smooth', 'upside-down', 'edge'].entries())
      expect((await aligned(name)).equals(Buffer.from(pixels[i] as Uint8Array)), name).toBe(true);
    expect(meta).toMatchObject({
      ...{ origin: 'align', format: 'landmarks', identities: 2, images: 3, height: 112, width: 112 },
      ...{ peopleShown: 'real', licence: 'CC0', source: 'here' },
      alignment: { landmarks: 'given', landmarksOn: 'upright', minFace: 24 },
    });
    expect(meta).not.toHaveProperty('unusedLandmarks');
    expect((await run(path)).data).toEqual(data);
  });

  test('may have them in a file beside each, and of another size', async () => {
    const points = Array.from({ length: 5 }, (_, i) => pointsOf('smooth').slice(2 * i, 2 * i + 2));
    const path = await folderOf('beside', {
      'ann/1.png': await photo('smooth'),
      'ann/1.json': JSON.stringify({ landmarks: points }),
    });
    const { meta, pixels } = await run(path, { size: 56 });
    expect(meta).toMatchObject({ height: 56, width: 56, images: 1 });
    const large = await aligned('smooth');
    // The centre of the small image is that of the large one.
    const level = (image: Uint8Array, side: number): number => image[(side / 2) * (side + 1) * 3] as number;
    expect(Math.abs(level(pixels[0] as Uint8Array, 56) - level(large, 112))).toBeLessThan(8);
  });

  test('of cameras that note how they were held have landmarks on the photo upright, or as stored', async () => {
    const image = sharp(await photo('smooth'));
    // 6: turned a quarter to the left, to be shown turned back.
    const turned = await image.clone().rotate(270).png().withMetadata({ orientation: 6 }).toBuffer();
    expect((await decodeImage(turned)).pixels).toEqual((await decodeImage(await photo('smooth'))).pixels);
    const upright = await folderOf('upright', { 'ann/1.png': turned, 'landmarks.csv': row('ann/1.png', 'smooth') });
    expect((await aligned('smooth')).equals(Buffer.from((await run(upright)).pixels[0] as Uint8Array))).toBe(true);

    const { width = 0 } = await image.metadata();
    // A quarter to the left: x′ = y, y′ = width − 1 − x.
    const points = pointsOf('smooth').flatMap((x, i, all) =>
      i % 2 === 0 ? [all[i + 1] as number, width - 1 - x] : [],
    );
    const stored = await folderOf('stored', {
      'ann/1.png': turned,
      'landmarks.csv': `ann/1.png,${points.join(',')}`,
    });
    const made = (await run(stored, { landmarksOn: 'stored' })).pixels[0] as Uint8Array;
    const apart = (await aligned('smooth')).map((level, i) => Math.abs(level - (made[i] as number)));
    expect(Math.max(...apart)).toBeLessThanOrEqual(1);
  });

  test('that cannot be aligned are named with the reason, or left out and counted', async () => {
    const path = await folderOf('bad', {
      'ann/1.png': await photo('smooth'),
      'ann/2.png': await photo('smooth'),
      'ann/3.png': 'no image',
      'ann/4.png': (await photo('smooth')).subarray(0, 9000),
      'ann/5.png': await photo('noise'),
      'landmarks.csv': [
        row('ann/1.png', 'smooth'),
        ...['ann/3.png', 'ann/4.png'].map((name) => row(name, 'smooth')),
        row('ann/5.png', 'noise'),
        row('cyd/1.png', 'smooth'),
      ].join(''),
    });
    const failure = await run(path, { minFace: 100 }).catch((error) => error);
    expect(failure).toMatchObject({ code: 'BadImages', data: { count: 4 } });
    expect(failure.message).toContain('ann/2.png (has no landmarks)');
    expect(failure.message).toContain('ann/3.png (is no PNG, JPEG or WebP)');
    expect(failure.message).toMatch(/ann\/5\.png \(shows a face of \d+ pixels, fewer than minFace: 100\)/);
    expect((await run(path, { minFace: 100, onBadFile: 'skip' })).meta).toMatchObject({
      images: 1,
      skipped: { count: 4, files: ['ann/2.png', 'ann/3.png', 'ann/4.png', 'ann/5.png'] },
      unusedLandmarks: { count: 1, files: ['cyd/1.png'] },
    });
  });
});
