import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stage } from '../../activities/data-import-benchmarks/stage.ts';
import { putBenchmarks, putPairs } from '../../artifacts/benchmarks.ts';
import { benchmarksCodec, setPrefix } from '../../artifacts/codecs/benchmarks.ts';
import { DatasetWriter } from '../../artifacts/dataset.ts';
import { exportBenchmarks } from '../../client/export/benchmarks.ts';
import type { ArtifactRef, FileEntry } from '../../core/artifact.ts';
import { readBin } from '../../formats/bin/index.ts';
import { sourceTypes } from '../../formats/generated-mark.ts';
import { decodeImage } from '../../formats/image.ts';
import { contiguousFold } from '../../formats/pairs/index.ts';
import { inMemory } from '../../formats/source.ts';
import { stageContext } from '../faces/context.ts';

const context = stageContext();
const { store } = context;
const size = 8;
const count = 30;
let home: string;
let images: Buffer[];
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'bins-'));
  const picture = (i: number) =>
    sharp({ create: { width: size, height: size, channels: 3, background: { r: 8 * i, g: 255 - 8 * i, b: 90 } } });
  images = (await Promise.all(
    Array.from({ length: count }, (_, i) =>
      [picture(i).jpeg(), picture(i).png(), picture(i).webp()][i % 3]?.toBuffer(),
    ),
  )) as Buffer[];
});
afterAll(() => rm(home, { recursive: true }));

/** Pairs (i, i + 1), of which every third is of one person. */
const filesOf = async (set: string, folds: readonly number[]): Promise<FileEntry[]> => {
  const writer = new DatasetWriter(store, { height: size, width: size, prefix: setPrefix(set), shardBytes: 8192 });
  for (const [identity, bytes] of images.entries()) await writer.addEncoded({ identity, image: 0, bytes });
  const column = (of: (pair: number) => number) => folds.map((_, pair) => of(pair));
  const pairs = {
    left: Int32Array.from(column((pair) => pair)),
    right: Int32Array.from(column((pair) => pair + 1)),
    same: Uint8Array.from(column((pair) => Number(pair % 3 === 0))),
    fold: Int32Array.from(folds),
  };
  return [...(await writer.files()), await putPairs(store, set, pairs, images.length)];
};

const benchmarksOf = async (
  sets: { readonly [set: string]: readonly number[] },
  peopleShown: 'real' | 'drawn' = 'real',
): Promise<ArtifactRef> => {
  const files: FileEntry[] = [];
  for (const [set, folds] of Object.entries(sets)) files.push(...(await filesOf(set, folds)));
  return putBenchmarks(store, files, { sets: Object.keys(sets), height: size, width: size, peopleShown });
};

const contiguous = (pairs: number): number[] => Array.from({ length: pairs }, (_, i) => contiguousFold(i, pairs, 10));

const importAgain = async (path: string): Promise<ArtifactRef> => {
  const facts = { people: 'real', links: 'inside', licence: '', source: '', consent: '' } as const;
  return (await stage.run({ ...facts, sets: [], size }, { ...context, places: { path } })).benchmarks as ArtifactRef;
};

describe('benchmarks that are exported', () => {
  it('as .bin files, taken in and exported again, are the same to the byte', async () => {
    const ref = await benchmarksOf({ agedb_30: contiguous(20), lfw: contiguous(25) });
    const [first, second] = [join(home, 'first'), join(home, 'second')];
    await exportBenchmarks(store, ref, first);
    expect(await readdir(first)).toEqual(['agedb_30.bin', 'lfw.bin']);
    const again = await importAgain(first);
    const [before, after] = [await benchmarksCodec.read(store, ref), await benchmarksCodec.read(store, again)];
    expect(after.meta.sets).toEqual(before.meta.sets);
    const pairsOf = ({ files }: typeof before) => files.filter(({ path }) => path.endsWith('pairs.safetensors'));
    expect(pairsOf(after)).toEqual(pairsOf(before));
    await exportBenchmarks(store, again, second);
    for (const name of await readdir(first))
      expect((await readFile(join(second, name))).equals(await readFile(join(first, name)))).toBe(true);
  });

  it('are what Python reads: the files of both images of each pair, and whether they match', async () => {
    const path = join(home, 'python');
    await exportBenchmarks(store, await benchmarksOf({ lfw: contiguous(20) }), path);
    const script = [
      'import pickle, sys, hashlib',
      "images, same = pickle.load(open(sys.argv[1], 'rb'), encoding='bytes')",
      'print(type(images[0]).__name__, len(images), sum(same), hashlib.sha256(images[39]).hexdigest())',
    ].join('\n');
    const told = execFileSync('python3', ['-c', script, join(path, 'lfw.bin')], { encoding: 'utf8' });
    const last = createHash('sha256')
      .update(images[20] as Buffer)
      .digest('hex');
    expect(told.trim()).toBe(`bytes 40 7 ${last}`);
  });

  it('come fold by fold where their folds are equal and lie otherwise', async () => {
    const path = join(home, 'folds');
    await exportBenchmarks(store, await benchmarksOf({ own: Array.from({ length: 20 }, (_, i) => i % 10) }), path);
    const { images: written, same } = await readBin(inMemory('own.bin', await readFile(join(path, 'own.bin'))));
    const firsts = written.filter((_, i) => i % 2 === 0);
    const expected = Array.from({ length: 20 }, (_, i) => 10 * (i % 2) + Math.floor(i / 2));
    expect(firsts.map((bytes) => images.findIndex((image) => image.equals(bytes)))).toEqual(expected);
    expect(same).toEqual(expected.map((pair) => pair % 3 === 0));
  });

  it('that are drawn say so in their files, with the same pixels', async () => {
    const path = join(home, 'drawn');
    await exportBenchmarks(store, await benchmarksOf({ lfw: contiguous(20) }, 'drawn'), path);
    const { images: written } = await readBin(inMemory('lfw.bin', await readFile(join(path, 'lfw.bin'))));
    for (const i of [0, 1, 3]) {
      expect(Buffer.from(written[i] as Uint8Array).includes(sourceTypes.drawn)).toBe(true);
      expect((await decodeImage(written[i] as Uint8Array)).pixels).toEqual(
        (await decodeImage(images[Math.ceil(i / 2)] as Buffer)).pixels,
      );
    }
  });

  it('are refused where a .bin cannot hold them', async () => {
    const unequal = await benchmarksOf({ own: [...contiguous(20).slice(0, -1), 0] });
    await expect(exportBenchmarks(store, unequal, join(home, 'unequal'))).rejects.toMatchObject({
      code: 'NoPairs',
      message: expect.stringContaining('the folds of own are not ten equal parts'),
    });
    const data = { ...unequal, type: 'dataset' } as const;
    await expect(exportBenchmarks(store, data, join(home, 'data'))).rejects.toMatchObject({ code: 'NoPairs' });
    expect((await readdir(home)).filter((name) => /^(unequal|data)/.test(name))).toEqual([]);
  });
});
