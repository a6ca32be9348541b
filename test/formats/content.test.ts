import { mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { digestOf } from '../../core/digest.ts';
import { contentDigest } from '../../formats/content.ts';

let folder: string;
const digest = () => contentDigest(folder);

const photo = (level: number): Promise<Buffer> =>
  sharp({ create: { width: 8, height: 8, channels: 3, background: { r: level, g: level, b: level } } })
    .png()
    .toBuffer();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'photos-'));
  for (const name of ['ann', 'bob']) {
    await mkdir(join(folder, name));
    for (const i of [1, 2]) await writeFile(join(folder, name, `${i}.png`), await photo(i * 20));
  }
});
afterAll(() => rm(folder, { recursive: true }));

describe('the digest of a folder', () => {
  test('sees content, names, new files and nothing else', async () => {
    const before = await digest();
    await writeFile(join(folder, '.DS_Store'), 'clutter');
    await writeFile(join(folder, 'ann', '1.png'), await photo(20));
    expect(await digest()).toBe(before);

    await writeFile(join(folder, 'ann', '1.png'), await photo(21));
    expect(await digest()).not.toBe(before);
    await writeFile(join(folder, 'ann', '1.png'), await photo(20));
    expect(await digest()).toBe(before);

    await rename(join(folder, 'bob', '2.png'), join(folder, 'bob', '3.png'));
    expect(await digest()).not.toBe(before);
    await rename(join(folder, 'bob', '3.png'), join(folder, 'bob', '2.png'));

    await writeFile(join(folder, 'note.txt'), 'hello');
    expect(await digest()).not.toBe(before);
    await rm(join(folder, 'note.txt'));
    expect(await digest()).toBe(before);
  });

  test('refuses links that lead out of the folder, unless they may', async () => {
    await symlink('/etc/hosts', join(folder, 'ann', 'link.png'));
    await expect(contentDigest(folder, { links: 'inside' })).rejects.toMatchObject({
      code: 'LinkOutside',
      remedy: expect.stringContaining('links: anywhere'),
    });
    expect(await digest()).toMatch(/^sha256:/);
    await rm(join(folder, 'ann', 'link.png'));
  });

  test('says where a folder was looked for', async () => {
    const nowhere = join(folder, 'nowhere');
    await expect(contentDigest(nowhere)).rejects.toMatchObject({ code: 'FolderNotFound', data: { path: nowhere } });
  });

  test('is that of the bytes alone where the path is a file', async () => {
    const file = join(folder, 'ann', '1.png');
    expect(await contentDigest(file)).toBe(digestOf(await readFile(file)));
    const before = await digest();
    await writeFile(file, await photo(99));
    expect(await contentDigest(file)).toBe(digestOf(await photo(99)));
    expect(await digest()).not.toBe(before);
  });
});
