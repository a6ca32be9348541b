import { mkdir, mkdtemp, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll } from 'vitest';
import { stage as benchmarks } from '../../activities/data-benchmarks/stage.ts';
import { stage as folder } from '../../activities/data-folder/stage.ts';
import { stage as imported } from '../../activities/data-import/stage.ts';
import { stage as importedBenchmarks } from '../../activities/data-import-benchmarks/stage.ts';
import { stage as procedural } from '../../activities/data-procedural/stage.ts';
import type { Outputs } from '../../core/action.ts';
import type { JsonObject } from '../../core/errors.ts';
import type { ShardedStageKind } from '../../core/stage.ts';
import { encodePng } from '../../formats/image.ts';
import { stage as digiface } from '../../methods/digiface/draw/stage.ts';
import { stageContext } from '../faces/context.ts';
import { sweep, terms } from './sweep.ts';

const context = stageContext();

const allShards = async (stage: ShardedStageKind<never, never>, params: JsonObject): Promise<Outputs> => {
  const shards = await stage.split(params as never, context);
  const made: Outputs[] = [];
  for (const shard of shards) made.push(await stage.runShard(shard, context));
  return stage.join(params as never, made, context);
};

sweep('data/procedural', {
  store: context.store,
  run: (params) => allShards(procedural as never, params),
  base: () => ({ identities: 2, images: 2, size: 16 }),
  changes: () => ({
    identities: { to: 3 },
    images: { to: 3 },
    size: { to: 17 },
    firstIdentity: { to: 1 },
    population: { to: 'test' },
    variation: { to: 0.5 },
    wear: { to: 1.5 },
  }),
});

const always = { makeup: 1, glasses: 1, faceWear: 1, headWear: 1 };
sweep('digiface/draw', {
  store: context.store,
  run: (params) => allShards(digiface as never, params),
  base: () => ({ identities: 1, sets: 2, imagesPerSet: 2, size: 16, makeup: 0, glasses: 0, faceWear: 0, headWear: 0 }),
  changes: () => ({
    identities: { to: 2 },
    sets: { to: 1 },
    imagesPerSet: { to: 1 },
    ...Object.fromEntries(Object.entries(always).map(([name, to]) => [name, { to }])),
    yaw: { to: 5 },
    yawDeviation: { to: 60 },
    pitch: { to: 2 },
    pitchDeviation: { to: 30 },
    variation: { to: 0.5 },
    size: { to: 17 },
    firstIdentity: { to: 1 },
    population: { to: 'test' },
  }),
});

sweep('data/benchmarks', {
  store: context.store,
  run: (params) => allShards(benchmarks as never, params),
  base: () => ({ sets: ['lfw'], pairs: 40, identities: 20, size: 16 }),
  changes: () => ({
    sets: { to: ['cfp_fp'] },
    pairs: { to: 60 },
    identities: { to: 30 },
    size: { to: 17 },
    population: { to: 'validation' },
    variation: { to: 0.5 },
    wear: { to: 2 },
    lookAlikes: { to: 1, with: { pairs: 200, identities: 100 } },
    overlap: { to: 0.5 },
    overlapWith: { to: 'validation', with: { overlap: 0.5 } },
    kinship: { to: 0.5 },
  }),
});

let good: string;
let more: string;
let bad: string;
let linked: string;
let tests: string;
let otherTests: string;

/** Photos of one colour each. @returns where they are */
const photos = async (files: { readonly [path: string]: number | undefined }): Promise<string> => {
  const home = await mkdtemp(join(tmpdir(), 'photos-'));
  for (const [path, level] of Object.entries(files)) {
    await mkdir(join(home, path, '..'), { recursive: true });
    const pixels = new Uint8Array(20 * 20 * 3).fill(level ?? 0);
    await writeFile(join(home, path), level === undefined ? 'no image' : await encodePng(pixels, 20, 20));
  }
  return home;
};

beforeAll(async () => {
  const two = { 'ann/1.png': 10, 'ann/2.png': 20, 'bob/1.png': 30, 'bob/2.png': 40, 'cyd/1.png': 50 };
  good = await photos(two);
  more = await photos({ ...two, 'bob/3.png': 60 });
  bad = await photos({ ...two, 'bob/3.png': undefined });
  linked = await photos(two);
  await symlink(join(more, 'bob'), join(linked, 'dan'));
  tests = await photos(two);
  await writeFile(join(tests, 'a.csv'), 'left,right,same,fold\nann/1.png,ann/2.png,1,0\nbob/1.png,cyd/1.png,0,1\n');
  await writeFile(join(tests, 'b.csv'), 'left,right,same,fold\nann/1.png,ann/2.png,0,0\nbob/1.png,cyd/1.png,1,1\n');
  otherTests = await photos({ ...two, 'bob/1.png': 35 });
  await writeFile(
    join(otherTests, 'a.csv'),
    'left,right,same,fold\nann/1.png,ann/2.png,1,0\nbob/1.png,cyd/1.png,0,1\n',
  );
  await symlink(join(tests, 'b.csv'), join(otherTests, 'c.csv'));
});

sweep('data/import-benchmarks', {
  store: context.store,
  run: ({ path, ...params }) =>
    importedBenchmarks.run(params as never, { ...context, places: { path: path as string } }),
  base: () => ({ path: tests, sets: [{ name: 'own', file: 'a.csv' }], size: 20 }),
  changes: () => ({
    path: { to: otherTests },
    sets: { to: [{ name: 'own', file: 'b.csv' }] },
    size: { to: 17 },
    links: { to: 'inside', with: { path: otherTests, sets: [{ name: 'own', file: 'c.csv' }], links: 'anywhere' } },
    people: { to: 'drawn', onlyStated: true },
    ...terms,
  }),
});

sweep('data/folder', {
  store: context.store,
  run: ({ path, ...params }) => folder.run(params as never, { ...context, places: { path: path as string } }),
  base: () => ({ path: good, size: 16, minImages: 1 }),
  changes: () => ({
    path: { to: more },
    size: { to: 17 },
    minImages: { to: 2 },
    maxImages: { to: 1 },
    onBadFile: { to: 'fail', with: { path: bad, onBadFile: 'skip' } },
    links: { to: 'inside', with: { path: linked, links: 'anywhere' } },
    faces: { to: 'synthetic', onlyStated: true },
    licence: { to: 'CC0', onlyStated: true },
    consent: { to: 'given', onlyStated: true },
  }),
});

sweep('data/import', {
  store: context.store,
  run: ({ path, ...params }) => imported.run(params as never, { ...context, places: { path: path as string } }),
  base: () => ({ path: good, size: 20 }),
  changes: () => ({
    path: { to: more },
    format: { to: 'recordio' },
    size: { to: 17, with: { fit: 'cover' } },
    fit: { to: 'exact', with: { size: 17, fit: 'cover' } },
    minImages: { to: 2 },
    maxImages: { to: 1 },
    onBadFile: { to: 'fail', with: { path: bad, onBadFile: 'skip' } },
    links: { to: 'inside', with: { path: linked, links: 'anywhere' } },
    people: { to: 'drawn', onlyStated: true },
    ...terms,
  }),
});
