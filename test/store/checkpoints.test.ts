import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Checkpoint, CheckpointArray } from '../../core/checkpoint.ts';
import { type Digest, digestOf } from '../../core/digest.ts';
import { Checkpoints } from '../../store/checkpoints/index.ts';
import { ThreadWriter } from '../../store/checkpoints/writer.ts';
import { hash } from '../../store/hash.ts';
import { S3Objects } from '../../store/s3.ts';
import { MemoryObjects } from '../helpers/memory-store.ts';
import { startMinio } from '../helpers/minio.ts';

const key: Digest = digestOf('an action');

const checkpoint = (step: number, length = 5): Checkpoint => ({
  step,
  arrays: {
    w: { dtype: 'float32', shape: [length], data: Float32Array.from({ length }, (_, i) => step + i / 7) },
    power: { dtype: 'float32', shape: [], data: new Float32Array([0.9 ** step]) },
    labels: { dtype: 'int32', shape: [2, 1], data: new Int32Array([step, -step]) },
    empty: { dtype: 'float32', shape: [0, 4], data: new Float32Array(0) },
  },
  notes: { series: { loss: [0.1 + 0.2, step] } },
});

const bytesOf = (array: CheckpointArray | undefined): Buffer =>
  Buffer.from((array as CheckpointArray).data.buffer as ArrayBuffer);

const opened = async (checkpoints: Checkpoints, owner = 'a'): Promise<void> =>
  checkpoints.write({ key, owner, attempts: [], checkpoints: [], kept: {} });

describe('checkpoints', () => {
  let objects: MemoryObjects;
  let checkpoints: Checkpoints;
  beforeEach(async () => {
    objects = new MemoryObjects();
    checkpoints = new Checkpoints(objects);
    await opened(checkpoints);
  });

  it('come back as they were, to the last bit', async () => {
    const stored = await checkpoints.save({ key, owner: 'a', checkpoint: checkpoint(3) });
    expect(await checkpoints.load(key, stored as never)).toEqual(checkpoint(3));
    expect((await checkpoints.read(key))?.checkpoints).toEqual([stored]);
  });

  it('may be larger than an object, and cross its border within a tensor', async () => {
    const large = { ...checkpoint(1, 17 * 2 ** 20) };
    const stored = await checkpoints.save({ key, owner: 'a', checkpoint: large });
    expect(stored?.content.parts).toHaveLength(2);
    const { arrays } = await checkpoints.load(key, stored as never);
    // Value by value, a comparison of 17 million numbers would take minutes.
    expect(hash(bytesOf(arrays.w))).toBe(hash(bytesOf(large.arrays.w)));
    expect(arrays.labels).toEqual(large.arrays.labels);
  });

  it('are two at most, and parts that none needs are gone', async () => {
    for (const step of [1, 2, 3]) await checkpoints.save({ key, owner: 'a', checkpoint: checkpoint(step) });
    expect((await checkpoints.read(key))?.checkpoints.map(({ step }) => step)).toEqual([3, 2]);
    expect(await objects.list('checkpoints/')).toHaveLength(3);
  });

  it('of an attempt that was taken over are not written', async () => {
    const first = await checkpoints.save({ key, owner: 'a', checkpoint: checkpoint(1) });
    await checkpoints.change(key, 'a', (state) => ({ ...state, owner: 'b' }));
    const before = await objects.list('checkpoints/');
    expect(await checkpoints.save({ key, owner: 'a', checkpoint: checkpoint(2) })).toBeUndefined();
    expect(await objects.list('checkpoints/')).toEqual(before);
    expect((await checkpoints.read(key))?.checkpoints).toEqual([first]);
  });

  it('are refused where a part is missing, was changed, or the entry was', async () => {
    const stored = await checkpoints.save({ key, owner: 'a', checkpoint: checkpoint(1) });
    const [part] = (await objects.list('checkpoints/')).filter((name) => name.includes('/parts/')) as [string];
    const sound = objects.map.get(part) as Buffer;
    const damaged = expect.objectContaining({ code: 'CheckpointDamaged' });
    await expect(checkpoints.load(key, { ...stored, step: 2 } as never)).rejects.toEqual(damaged);
    objects.map.set(part, Buffer.from(sound.map((byte, i) => (i === 4 ? byte ^ 1 : byte))));
    await expect(checkpoints.load(key, stored as never)).rejects.toEqual(damaged);
    objects.map.delete(part);
    await expect(checkpoints.load(key, stored as never)).rejects.toEqual(damaged);
    objects.map.set(part, sound);
    expect((await checkpoints.load(key, stored as never)).step).toBe(1);
  });

  it('of another action are refused, as is a state that is no JSON', async () => {
    const state = (await objects.list('checkpoints/'))[0] as string;
    for (const wrong of ['{"key":"sha256:00"}', '{"key"']) {
      objects.map.set(state, Buffer.from(wrong));
      await expect(checkpoints.read(key)).rejects.toMatchObject({ code: 'CheckpointDamaged' });
    }
  });

  it('go when the action has ended', async () => {
    await checkpoints.save({ key, owner: 'a', checkpoint: checkpoint(1) });
    await checkpoints.remove(key);
    expect(objects.map.size).toBe(0);
    expect(await checkpoints.read(key)).toBeUndefined();
  });
});

describe('a thread that writes checkpoints to MinIO', () => {
  let minio: Awaited<ReturnType<typeof startMinio>>;
  beforeAll(async () => {
    minio = await startMinio();
  }, 60_000);
  afterAll(() => minio?.stop());

  it('takes the arrays over, and what it wrote comes back', async () => {
    const checkpoints = new Checkpoints(new S3Objects(minio.config));
    const writer = new ThreadWriter(minio.config);
    try {
      await opened(checkpoints);
      const given = checkpoint(5, 100_000);
      const stored = await writer.save({ key, owner: 'a', checkpoint: given });
      expect(given.arrays.w?.data.length, 'the memory went over to the thread').toBe(0);
      expect(await checkpoints.load(key, stored as never)).toEqual(checkpoint(5, 100_000));
      expect(await writer.save({ key, owner: 'another', checkpoint: checkpoint(6) })).toBeUndefined();
    } finally {
      await writer.close();
    }
  });

  it('answers with the typed error of the store', async () => {
    const writer = new ThreadWriter({ ...minio.config, secretKey: 'wrong-secret' });
    try {
      await expect(writer.save({ key, owner: 'a', checkpoint: checkpoint(1) })).rejects.toMatchObject({
        code: 'StoreDenied',
        remedy: expect.stringContaining('secret'),
      });
    } finally {
      await writer.close();
    }
  });
});
