import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { stage } from '../../activities/data-import-benchmarks/stage.ts';
import { benchmarksCodec, readPairs, setPrefix } from '../../artifacts/codecs/benchmarks.ts';
import { shardsOf, unpackShard } from '../../artifacts/shards.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import type { JsonObject } from '../../core/errors.ts';
import { writeBin } from '../../formats/bin/index.ts';
import { contentDigest } from '../../formats/content.ts';
import { stageContext } from '../faces/context.ts';

const context = stageContext();
const { store } = context;
const size = 16;
let jpegs: Buffer[];

/** A photo of one colour. */
const jpeg = (level: number, side = size): Promise<Buffer> =>
  sharp({ create: { width: side, height: side, channels: 3, background: { r: level, g: 255 - level, b: 90 } } })
    .jpeg({ quality: 71 })
    .toBuffer();

const folderOf = async (files: { readonly [path: string]: Uint8Array | string }): Promise<string> => {
  const home = await mkdtemp(join(tmpdir(), 'benchmarks-'));
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(home, path)), { recursive: true });
    await writeFile(join(home, path), content);
  }
  return home;
};

/** Pair i shows images 2i and 2i + 1, of which some are the same file. */
const bin = (pairs: number, of: readonly Buffer[] = jpegs): Buffer =>
  Buffer.concat([
    ...writeBin({
      images: Array.from({ length: 2 * pairs }, (_, i) => of[(i * 7) % of.length] as Buffer),
      same: Array.from({ length: pairs }, (_, i) => i % 3 === 0),
    }),
  ]);

const facts = { people: 'real', links: 'inside', licence: '', source: '', consent: '' } as const;
const take = async (path: string, params: JsonObject = {}) => {
  const { benchmarks } = await stage.run({ ...facts, sets: [], size, ...params } as never, {
    ...context,
    places: { path },
  });
  const artifact = await benchmarksCodec.read(store, benchmarks as ArtifactRef);
  const setOf = async (set: string) => {
    const shards = shardsOf(artifact.files, setPrefix(set));
    const images: Buffer[] = [];
    for (const { digest, path } of shards)
      for (const { bytes } of unpackShard(await store.getBlob(digest), path)) images.push(Buffer.from(bytes));
    return { images, ...(await readPairs(store, artifact, set, images.length)) };
  };
  return { artifact, benchmarks: benchmarks as ArtifactRef, setOf };
};

beforeAll(async () => {
  jpegs = await Promise.all([10, 60, 110, 160, 210].map((level) => jpeg(level)));
});

describe('data/import-benchmarks', () => {
  it('takes every .bin of a folder in, JPEGs to the byte, once however many pairs show them', async () => {
    const { artifact, setOf } = await take(
      await folderOf({ 'lfw.bin': bin(40), 'cfp_fp.bin': bin(23), 'train.rec': 'x' }),
    );
    expect(artifact.meta).toMatchObject({ sets: ['cfp_fp', 'lfw'], height: size, width: size, peopleShown: 'real' });
    const lfw = await setOf('lfw');
    expect(lfw.images.length).toBe(5);
    for (let pair = 0; pair < 40; pair++) {
      expect(lfw.images[lfw.left[pair] as number]).toEqual(jpegs[(2 * pair * 7) % 5]);
      expect(lfw.images[lfw.right[pair] as number]).toEqual(jpegs[((2 * pair + 1) * 7) % 5]);
    }
    expect([...lfw.same].slice(0, 4)).toEqual([1, 0, 0, 1]);
    expect([...lfw.fold]).toEqual(Array.from({ length: 40 }, (_, i) => Math.floor(i / 4)));
    // 23 pairs: the first three folds have one more.
    const sizes = [...(await setOf('cfp_fp')).fold].reduce(
      (all, f) => all.with(f, (all[f] as number) + 1),
      new Array(10).fill(0),
    );
    expect(sizes).toEqual([3, 3, 3, 2, 2, 2, 2, 2, 2, 2]);
  });

  it('gives the same digest again, and takes a single file', async () => {
    const home = await folderOf({ 'lfw.bin': bin(20) });
    const [a, b] = [await take(home), await take(join(home, 'lfw.bin'))];
    expect(a.benchmarks).toEqual(b.benchmarks);
  });

  it('takes own pairs of a CSV and of LFW’s pairs.txt over a folder of images', async () => {
    const photos = Object.fromEntries(
      jpegs.flatMap((bytes, i) =>
        [1, 2].map((n) => [
          `photos/p${i}/p${i}_000${n}.jpg`,
          n === 1 ? bytes : Buffer.concat([bytes, Buffer.from('tail')]),
        ]),
      ),
    );
    const csv = `left,right,same,fold\n${[0, 1].map((f) => `p${f}/p${f}_0001.jpg,p${f}/p${f}_0002.jpg,1,${f}\np0/p0_0001.jpg,p3/p3_0001.jpg,0,${f}`).join('\n')}\n`;
    const lfw = `2 1\np0 1 2\np0 1 p1 1\np2 1 2\np3 2 p4 2\n`;
    const home = await folderOf({ ...photos, 'own.csv': csv, 'pairs.txt': lfw });
    const sets = [
      { name: 'own', file: 'own.csv', images: 'photos' },
      { name: 'view2', file: 'pairs.txt', images: 'photos' },
    ];
    const { setOf } = await take(home, { sets });
    const own = await setOf('own');
    // p0/1 is in three pairs and is stored once.
    expect(own.images.length).toBe(5);
    expect([...own.left]).toEqual([0, 0, 3, 0]);
    expect([...own.right]).toEqual([1, 2, 4, 2]);
    expect([[...own.same], [...own.fold]]).toEqual([
      [1, 0, 1, 0],
      [0, 0, 1, 1],
    ]);
    const view2 = await setOf('view2');
    expect([[...view2.same], [...view2.fold]]).toEqual([
      [1, 0, 1, 0],
      [0, 0, 1, 1],
    ]);
    expect(view2.images[view2.left[3] as number]?.subarray(-4).toString()).toBe('tail');
  });

  it.each([
    [
      'images of another size, with their counts',
      async () => ({ 'lfw.bin': bin(20, [...jpegs, await jpeg(5, 24)]) }),
      [],
      {
        code: 'BadImages',
        message: expect.stringMatching(
          /1 of 6 images of lfw cannot be used: image \d+ \(is 24 × 24 pixels, not 16 × 16\)/,
        ),
      },
    ],
    [
      'images that are damaged',
      async () => ({ 'lfw.bin': bin(20, [...jpegs, (jpegs[0] as Buffer).subarray(0, 200)]) }),
      [],
      { code: 'BadImages', data: { set: 'lfw', count: 1, images: 6, size } },
    ],
    ['fewer pairs than folds', async () => ({ 'lfw.bin': bin(9) }), [], { code: 'BenchmarkTooSmall' }],
    ['a folder without benchmarks', async () => ({ 'train.rec': 'x' }), [], { code: 'BenchmarksMissing' }],
    [
      'two files of one name',
      async () => ({ 'a/lfw.bin': bin(20), 'b/lfw.bin': bin(20) }),
      [],
      { code: 'BenchmarksMissing' },
    ],
    [
      'a file that is not there',
      async () => ({ 'lfw.bin': bin(20) }),
      [{ name: 'x', file: 'x.bin' }],
      { code: 'BenchmarksMissing' },
    ],
    [
      'pairs of images that are not there, with their count',
      async () => ({
        'p.csv': 'left,right,same,fold\na.jpg,b.jpg,1,0\na.jpg,c.jpg,0,1\n',
        'a.jpg': jpegs[0] as Buffer,
      }),
      [{ name: 'own', file: 'p.csv' }],
      { code: 'BenchmarksMissing', data: { set: 'own', missing: 2, images: ['b.jpg', 'c.jpg'] } },
    ],
    [
      'folds with a gap',
      async () => ({
        'p.csv': 'left,right,same,fold\na.jpg,a.jpg,1,0\na.jpg,a.jpg,0,2\n',
        'a.jpg': jpegs[0] as Buffer,
      }),
      [{ name: 'own', file: 'p.csv' }],
      { code: 'BenchmarkTooSmall' },
    ],
    [
      'a pickle that runs something',
      async () => ({ 'lfw.bin': Buffer.from('cos\nsystem\n(S"true"\ntR.') }),
      [],
      { code: 'FormatInvalid' },
    ],
  ] as const)('refuses %s', async (_, files, sets, error) => {
    await expect(take(await folderOf(await files()), { sets: [...sets] })).rejects.toMatchObject(error);
  });

  it('refuses files that changed since the run was planned', async () => {
    const home = await folderOf({ 'lfw.bin': bin(20) });
    const content = await contentDigest(home);
    await expect(take(home, { content })).resolves.toBeDefined();
    await writeFile(join(home, 'lfw.bin'), bin(30));
    await expect(take(home, { content })).rejects.toMatchObject({ code: 'SourceChanged' });
  });
});
