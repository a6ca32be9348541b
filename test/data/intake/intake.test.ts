import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stage } from '../../../activities/data-import/stage.ts';
import { shardsOf, unpackShard } from '../../../artifacts/shards.ts';
import type { ArtifactRef } from '../../../core/artifact.ts';
import type { Checkpoint, StageCheckpoints } from '../../../core/checkpoint.ts';
import type { StageContext } from '../../../core/stage.ts';
import { examining } from '../../../data/intake/examine.ts';
import { Examiner } from '../../../data/intake/examiner.ts';
import { takeIn } from '../../../data/intake/intake.ts';
import { folder } from '../../../formats/folder/folder.ts';
import { openDisk } from '../../../formats/sources/disk.ts';
import { stageContext } from '../../faces/context.ts';

type Params = Parameters<typeof stage.run>[0];
const defaults: Params = {
  ...{ format: 'auto', size: 8, fit: 'exact', minImages: 1, maxImages: 0, onBadFile: 'fail', links: 'inside' },
  ...{ people: 'real', licence: '', source: '', consent: '' },
};
const context = stageContext();
let home: string;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'intake-'));
});
afterAll(() => rm(home, { recursive: true }));

const picture = (level: number, alpha = 1): Promise<Buffer> =>
  sharp({ create: { width: 8, height: 8, channels: 4, background: { r: level, g: 255 - level, b: 90, alpha } } })
    .png()
    .toBuffer();

const put = async (root: string, files: { readonly [path: string]: number | string | Buffer }): Promise<string> => {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(home, root, path)), { recursive: true });
    await writeFile(join(home, root, path), typeof content === 'number' ? await picture(content) : content);
  }
  return join(home, root);
};

const take = async (path: string, params: Partial<Params> = {}) => {
  const { data } = await stage.run({ ...defaults, ...params }, { ...context, places: { path } });
  const { meta, files } = await context.store.getArtifact(data as ArtifactRef);
  const samples = await Promise.all(
    shardsOf(files).map(async (file) => unpackShard(await context.store.getBlob(file.digest), file.path)),
  );
  return { meta, files, samples: samples.flat() };
};

describe('what lies in a folder', () => {
  test('stays as it is, to the byte', async () => {
    const jpeg = await sharp(await picture(40))
      .jpeg()
      .toBuffer();
    const webp = await sharp(await picture(50))
      .webp()
      .toBuffer();
    const { samples, meta } = await take(await put('kept', { 'ann/1.jpg': jpeg, 'ann/2.webp': webp, 'bob/1.png': 7 }));
    expect(samples.map(({ bytes }) => Buffer.from(bytes))).toEqual([jpeg, webp, await picture(7)]);
    expect(meta).toMatchObject({ origin: 'import', format: 'folder', identities: 2, images: 3, height: 8, width: 8 });
  });

  test('names an identity that has no usable image', async () => {
    const path = await put('hollow', { 'ann/1.png': 1, 'fir/.DS_Store': 'x', 'oak/notes.txt': 'x' });
    await expect(take(path, { onBadFile: 'skip' })).rejects.toMatchObject({
      code: 'TooFewImages',
      message: expect.stringContaining('oak has 0, fir has 0'),
    });
  });

  test('is followed over links, which may lead out where the spec says so, and never in circles', async () => {
    await put('disk', { 'ash/1.png': 11, 'ash/2.png': 12 });
    const path = await put('linked', { 'elm/1.png': 13 });
    await symlink(join(home, 'disk/ash'), join(path, 'ash'));
    await symlink(join(path, 'elm'), join(path, 'elm2'));
    await expect(take(path)).rejects.toMatchObject({
      code: 'LinkOutside',
      remedy: expect.stringContaining('links: anywhere'),
    });
    expect((await take(path, { links: 'anywhere' })).meta).toMatchObject({ identities: 3, images: 4 });
    await symlink(path, join(path, 'elm/again'));
    await expect(take(path, { links: 'anywhere' })).rejects.toMatchObject({
      code: 'BadImages',
      message: expect.stringContaining('elm/again (is a link to a folder that it lies in)'),
    });
  });

  test('is called by its name where that is not UTF-8', async () => {
    const path = await put('latin', { 'ann/1.png': 1 });
    await writeFile(
      Buffer.concat([Buffer.from(`${path}/ann/caf`), Buffer.of(0xe9), Buffer.from('.png')]),
      await picture(2),
    );
    await expect(take(path)).rejects.toMatchObject({
      code: 'BadImages',
      message: expect.stringContaining('ann/caf\\xe9.png (has a name that is not UTF-8: rename it)'),
    });
  });

  test('warns of names that look alike', async () => {
    const { meta } = await take(
      await put('alike', { 'josé/1.png': 1, 'jose\u0301/1.png': 2, 'Ash/1.png': 3, 'ash/1.png': 4 }),
    );
    expect(meta.similarNames).toEqual({
      count: 2,
      groups: [
        ['Ash', 'ash'],
        ['jose\u0301', 'josé'],
      ],
    });
  });

  test('counts copies, and names the identities that share them', async () => {
    const pixels = await picture(9);
    const again = await sharp(pixels).webp({ lossless: true }).toBuffer();
    const files = {
      'ash/1.png': 8,
      'ash/2.png': pixels,
      'ash2/1.png': 8,
      'ash2/2.webp': again,
      'elm/1.png': 3,
      'elm/2.png': 3,
    };
    expect((await take(await put('copies', files))).meta.duplicates).toEqual({
      ...{ bytes: 2, pixels: 3, acrossIdentities: 4, identityPairs: 1 },
      pairs: [{ left: 'ash', right: 'ash2', images: 2 }],
    });
    expect((await take(await put('apart', { 'ash/1.png': 8, 'elm/1.png': 3 }))).meta.duplicates).toBeUndefined();
  });

  test('may be partly transparent, which is counted, and not wholly', async () => {
    const files = { 'ann/1.png': await picture(200, 0.5), 'ann/2.png': 4 };
    expect((await take(await put('glass', files))).meta.transparent).toBe(1);
    const path = await put('ghost', { ...files, 'ann/3.png': await picture(200, 0) });
    await expect(take(path)).rejects.toMatchObject({
      message: expect.stringContaining('ann/3.png (is wholly transparent)'),
    });
  });

  test('must have the size of the set', async () => {
    await expect(take(await put('sized', { 'ann/1.png': 1 }), { size: 9 })).rejects.toMatchObject({
      code: 'BadImages',
      message: expect.stringContaining('ann/1.png (is 8 × 8 pixels, not 9 × 9)'),
    });
  });

  test('that looks like no set is refused', async () => {
    await expect(take(await put('other', { 'readme.md': 'x' }))).rejects.toMatchObject({ code: 'FormatUnknown' });
  });
});

/** Checkpoints as often as they can be had, of which `stop` ends the attempt after so many steps. */
class Notebook implements StageCheckpoints {
  kept: Checkpoint | undefined;
  saves = 0;
  resume = async () => this.kept;
  due = () => true;
  save(checkpoint: Checkpoint): void {
    this.kept = structuredClone(checkpoint);
    this.saves++;
  }
  settled = async () => {};
  keep = async (_name: string, make: () => Promise<Checkpoint['arrays']>) => make();
}

describe('an interrupted import', () => {
  const plain = { height: 8, width: 8, maxImages: 0, shardBytes: 22 * 512 };
  const examiner = () => new Examiner(examining, { height: 8, width: 8, fit: 'exact' });
  const stopping = (checkpoints: StageCheckpoints, after: number): StageContext => ({
    ...context,
    checkpoints,
    progress: async ({ step }) => {
      // Lets what was stored be noted.
      await new Promise((resolve) => setTimeout(resolve, 20));
      if (step >= after) throw new Error('stopped');
    },
  });

  test.each([
    ['a set', plain],
    ["a benchmark's folder", { ...plain, prefix: 'ijbc/' }],
  ])('of %s goes on from its last shard, and ends as one that was left alone', async (_, options) => {
    const files = Object.fromEntries(
      Array.from({ length: 200 }, (_, i) => [`id${Math.floor(i / 20)}/${`${i % 20}`.padStart(2, '0')}.png`, i % 150]),
    );
    const source = await openDisk(await put('long', { ...files, 'id3/zz.png': 'no image' }));
    const whole = await takeIn(source, folder, options, examiner(), context);
    const notebook = new Notebook();
    await expect(takeIn(source, folder, options, examiner(), stopping(notebook, 128))).rejects.toThrow('stopped');
    const first = notebook.kept?.step as number;
    expect(first).toBeGreaterThan(50);
    await expect(takeIn(source, folder, options, examiner(), stopping(notebook, 192))).rejects.toThrow('stopped');
    expect(notebook.kept?.step).toBeGreaterThan(first);
    const resumed = await takeIn(source, folder, options, examiner(), { ...context, checkpoints: notebook });
    await source.close();
    expect(resumed.files).toEqual(whole.files);
    expect([...resumed.state.taken]).toEqual([...whole.state.taken]);
    expect(resumed.state.leftOut).toEqual(whole.state.leftOut);
    expect(resumed.state.duplicates.find()).toEqual(whole.state.duplicates.find());
  });
});

test('names from outside cannot write to a terminal', async () => {
  const path = await put('shouting', { 'ann/1.png': 1, 'ann/\u001b[31mred.png': 'no image' });
  await expect(take(path)).rejects.toMatchObject({
    code: 'BadImages',
    message: expect.stringContaining('ann/\\u{1b}[31mred.png (is no PNG, JPEG or WebP)'),
  });
});
