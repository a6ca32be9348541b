import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { digestOf } from '../../core/digest.ts';
import { contentDigest } from '../../formats/content.ts';
import { folderDigest } from '../../formats/folder/index.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'content-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

it('of a file is the digest of its bytes, wherever it lies and whatever it is called', async () => {
  await mkdir(join(folder, 'deep'));
  for (const path of ['a.pth', 'deep/b.pth']) await writeFile(join(folder, path), 'weights');
  expect(await contentDigest(join(folder, 'a.pth'))).toBe(digestOf('weights'));
  expect(await contentDigest(join(folder, 'deep/b.pth'))).toBe(digestOf('weights'));
});

it('of a folder is that of its files', async () => {
  await writeFile(join(folder, 'a.safetensors'), 'weights');
  expect(await contentDigest(folder)).toBe((await folderDigest(folder)).digest);
});

it('refuses a path with nothing there, also below a file', async () => {
  await writeFile(join(folder, 'a'), '');
  for (const path of ['nowhere', 'a/b'])
    await expect(contentDigest(join(folder, path))).rejects.toMatchObject({ code: 'FolderNotFound' });
});
