import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { actionKey } from '../../core/action.ts';
import { digestOf, hexOf } from '../../core/digest.ts';
import { randomStream } from '../../core/random.ts';
import { fsck, kindOf } from '../../store/fsck.ts';
import { gc, Store } from '../../store/index.ts';
import { S3Objects } from '../../store/s3.ts';
import { filesOnDisk, flipOnDisk } from '../helpers/disk.ts';
import { startMinio, type TestMinio } from '../helpers/minio.ts';
import { recordOf } from '../helpers/record.ts';

let minio: TestMinio;
let objects: S3Objects;
let store: Store;
let keys: string[];

/** A store with an object of every kind, among them ones that MinIO keeps in its metadata file and one that it does not. */
beforeAll(async () => {
  minio = await startMinio();
  objects = new S3Objects({ ...minio.config, attempts: 2, backoffMs: 5 });
  await objects.ensureBucket();
  store = new Store(objects);
  const small = await store.putFile('small.bin', randomBytes(300), 'x/y');
  const large = await store.putFile('large.bin', randomBytes(300_000), 'x/y');
  const ref = await store.putArtifact({ type: 'dataset', meta: {}, files: [small, large] });
  const action = { kind: 'test/kind', params: {}, seed: 1, code: digestOf('code') };
  const key = actionKey(action);
  await store.putRecord(recordOf(action, { default: ref }));
  const run = {
    plan: { experiment: 'e', nodes: [] },
    spec: { path: 'e.yaml' },
    startedAt: '2026-01-01T00:00:00+00:00',
  };
  const root = await store.putArtifact({ type: 'run', meta: { id: 'e-1' }, files: [] });
  await store.putRun({ ...run, id: 'e-1', workflowId: 'e-1', state: 'done', root: root.digest });
  await store.putLatest('e', 'node', { key, action });
  await store.pins.put({ ref, name: 'set', because: 'paper', at: '2026-01-01T00:00:00+00:00' });
  await store.checkpoints.write({ key, owner: 'w', attempts: [], checkpoints: [], kept: {} } as never);
  const data = new Float32Array(80_000).map((_, i) => i);
  await store.checkpoints.save({
    key,
    owner: 'w',
    checkpoint: { step: 1, notes: {}, arrays: { w: { dtype: 'float32', shape: [80_000], data } } },
  });
  await (await store.sweeps.begin()).end();
  keys = await objects.list('');
});
afterAll(() => minio?.stop());

const listed = async (key: string): Promise<boolean> => (await objects.list('')).includes(key);

it('has an object of every kind', () => {
  const kinds = new Set(keys.map(kindOf));
  const all = ['artifact', 'blob', 'checkpoint', 'generation', 'latest', 'pin', 'pointer', 'record', 'run'];
  expect([...kinds].sort()).toEqual(all);
});

describe('a bit that turned over on the disk of the server', () => {
  it('is damage of that object alone: never another byte, never a store that is away, named by fsck, and mended by a put', async () => {
    const random = randomStream(1, 'disk');
    let [flips, unreadable] = [0, 0];
    for (const key of keys) {
      const before = (await objects.get(key)) as Buffer;
      for (const [nth] of filesOnDisk(minio.folder, key).entries())
        for (const where of [0.01, 0.1, random(), random()]) {
          // MinIO renames its files when it replaces an object.
          const path = filesOnDisk(minio.folder, key)[nth] as string;
          flipOnDisk(path, where, Math.floor(random() * 8));
          const got = await objects.getHashed(key).catch((error) => error.code);
          const name = `${key} at ${where} of ${path}`;
          const same = got?.bytes?.equals(before) ?? false;
          if (!same) expect(got, name).toBe('ObjectUnreadable');
          // A node's latest action only explains why a plan misses: nothing names it.
          const sound = (same && (await listed(key))) || (kindOf(key) === 'latest' && !(await listed(key)));
          const { flaws } = await fsck(objects);
          expect(
            flaws.some((flaw) => flaw.key === key),
            name,
          ).toBe(!sound);
          expect(await objects.has(key), name).toBe(true);
          expect(await objects.put(key, before, { overwrite: true }), name).toBe('written');
          expect((await objects.get(key))?.equals(before), name).toBe(true);
          flips += 1;
          if (!same) unreadable += 1;
        }
    }
    expect(await objects.list('')).toEqual(keys);
    expect(flips).toBeGreaterThanOrEqual(4 * keys.length);
    expect(unreadable).toBeGreaterThan(flips / 2);
  }, 300_000);

  it('in the metadata of a blob lets a conditional put and a removal through', async () => {
    const bytes = randomBytes(500);
    for (const round of ['put', 'remove']) {
      const { digest } = await store.putFile('x', bytes, 'x/y');
      const key = `blobs/sha256/${hexOf(digest).slice(0, 2)}/${hexOf(digest).slice(2)}`;
      flipOnDisk(filesOnDisk(minio.folder, key)[0] as string, 0.1, 3);
      await expect(store.getBlob(digest)).rejects.toMatchObject({ code: 'BlobCorrupt', retryable: false });
      if (round === 'put') await store.putFile('x', bytes, 'x/y');
      else await objects.remove(key);
      expect(await objects.has(key)).toBe(round === 'put');
      if (round === 'put') expect((await store.getBlob(digest)).equals(bytes)).toBe(true);
    }
  });

  it('in the metadata of a pin or a run ends gc before it removes anything: neither is listed any more', async () => {
    const { digest } = await store.putArtifact({ type: 'dataset', meta: { kept: true }, files: [] });
    await store.pins.put({
      ref: { type: 'dataset', digest },
      name: 'x',
      because: 'y',
      at: '2026-01-01T00:00:00+00:00',
    });
    for (const [key, code] of [
      [`pins/${hexOf(digest)}`, 'PinCorrupt'],
      ['runs/e-1', 'RunCorrupt'],
    ] as const) {
      const before = (await objects.get(key)) as Buffer;
      flipOnDisk(filesOnDisk(minio.folder, key)[0] as string, 0.1, 3);
      expect(await objects.list(key)).toEqual([]);
      const all = await objects.list('');
      await expect(gc(store, { graceSeconds: 0, dryRun: false })).rejects.toMatchObject({ code });
      expect(await objects.list('')).toEqual(all);
      await objects.put(key, before, { overwrite: true });
    }
  });

  it('is a miss of a look-up where a file of the object is gone', async () => {
    const { digest } = await store.putFile('x', randomBytes(400_000), 'x/y');
    const key = `blobs/sha256/${hexOf(digest).slice(0, 2)}/${hexOf(digest).slice(2)}`;
    for (const path of filesOnDisk(minio.folder, key)) rmSync(path);
    await expect(store.getBlob(digest)).rejects.toMatchObject({ code: 'BlobMissing' });
  });
});
