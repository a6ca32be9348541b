import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Action, type ActionKey, type ActionRecord, actionKey, type Outputs } from '../../core/action.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { mapBounded } from '../../core/bounded.ts';
import { digestOf } from '../../core/digest.ts';
import { contentKey } from '../../store/blobs.ts';
import { fsck } from '../../store/fsck.ts';
import { gc, LookupMemo, Store } from '../../store/index.ts';
import { Listing } from '../../store/listing.ts';
import type { Described, ObjectStore } from '../../store/objects.ts';
import { pointerKey } from '../../store/pointer.ts';
import { S3Objects } from '../../store/s3.ts';
import { filesOnDisk, flipOnDisk } from '../helpers/disk.ts';
import { MemoryObjects } from '../helpers/memory-store.ts';
import { startMinio, type TestMinio } from '../helpers/minio.ts';
import { recordOf } from '../helpers/record.ts';

/** Listings are used from 100 on; two objects for each action make more than one page of them. */
const count = 250;
const pageSize = 400;

const text = (value: string): Buffer => Buffer.from(value);
const actionOf = (i: number): Action => ({ kind: 'test/kind', params: { i }, seed: 7, code: digestOf('code') });

/** What a look-up asks of the objects under it, and how often. */
type Asked = { get: number; getHashed: number; has: number; pages: number };

/** Objects that count what they are asked, and may be told to fail. */
const counted = (objects: ObjectStore, failAtPage = Number.POSITIVE_INFINITY) => {
  const asked: Asked = { get: 0, getHashed: 0, has: 0, pages: 0 };
  const counting: ObjectStore = {
    put: (...args) => objects.put(...args),
    remove: (key) => objects.remove(key),
    list: (prefix) => objects.list(prefix),
    describe: (prefix) => objects.describe(prefix),
    get: (key) => {
      asked.get++;
      return objects.get(key);
    },
    getHashed: (key) => {
      asked.getHashed++;
      return objects.getHashed(key);
    },
    has: (key) => {
      asked.has++;
      return objects.has(key);
    },
    async *pages(prefix) {
      for await (const page of objects.pages(prefix)) {
        if (++asked.pages > failAtPage) throw new Error('the listing breaks off');
        yield page;
      }
    },
  };
  return { asked, store: new Store(counting) };
};

let minio: TestMinio;
beforeAll(async () => {
  minio = await startMinio();
});
afterAll(() => minio.stop());

const places = [
  { name: 'memory', open: async (): Promise<ObjectStore> => new MemoryObjects() },
  {
    name: 'MinIO',
    open: async (): Promise<ObjectStore> => {
      const objects = new S3Objects({ ...minio.config, bucket: `lookup-${Date.now()}`, pageSize });
      await objects.ensureBucket();
      return objects;
    },
  },
];

describe.each(places)('many actions in $name', ({ open }) => {
  let objects: ObjectStore;
  let plain: Store;
  const records: ActionRecord[] = [];
  const keys = Array.from({ length: count }, (_, i) => actionKey(actionOf(i)));

  const artifact = async (content: string): Promise<ArtifactRef> => {
    const file = await plain.putFile('a.bin', text(content), 'application/octet-stream');
    return plain.putArtifact({ type: 'dataset', meta: { content }, files: [file] });
  };
  const finish = async (i: number, outputs?: Outputs): Promise<ActionRecord> =>
    (await plain.putRecord(recordOf(actionOf(i), outputs ?? { data: await artifact(`${i}`) }))).record;

  beforeAll(async () => {
    objects = await open();
    plain = new Store(objects);
    records.length = 0;
    records.push(...(await mapBounded([...keys.keys()], 8, (i) => finish(i))));
  }, 120_000);

  let memo: LookupMemo;
  beforeEach(async () => {
    memo = new LookupMemo();
    await plain.lookup({ memo }).records(keys);
    memo = new LookupMemo(memo.bytes);
  }, 60_000);

  /** A look-up of everything, compared with one in which each object is asked for. */
  const misses = async (store = plain): Promise<ActionKey[]> => {
    const found = await store.lookup({ memo }).records(keys);
    const singly = new Map(
      (await mapBounded(keys, 8, (key) => plain.lookupRecords([key]))).flatMap((each) => [...each]),
    );
    expect(found).toEqual(singly);
    return keys.filter((key) => !found.has(key));
  };

  it('are found by listings alone, once they were read', async () => {
    const { asked, store } = counted(objects);
    expect(await store.lookup({ memo }).records(keys)).toEqual(new Map(records.map((each) => [each.key, each])));
    expect(asked).toMatchObject({ get: 0, getHashed: 0, has: 0 });
    expect(asked.pages).toBeLessThanOrEqual(6);
    expect(memo.bytes).toBeUndefined();
  });

  it('are found in waves too, by the listings of the first', async () => {
    const { asked, store } = counted(objects);
    const lookup = store.lookup({ expected: count, memo });
    for (let at = 0; at < count; at += 50) expect((await lookup.records(keys.slice(at, at + 50))).size).toBe(50);
    expect(asked).toMatchObject({ get: 0, getHashed: 0, has: 0 });
    expect(asked.pages).toBeLessThanOrEqual(6);
  });

  it('without a memo are read, and their blobs are listed', async () => {
    const { asked, store } = counted(objects);
    expect((await store.lookup().records(keys)).size).toBe(count);
    expect(asked).toMatchObject({ get: count, getHashed: count, has: 0 });
  });

  it('that were never made are misses, and nothing is asked for them', async () => {
    const { asked, store } = counted(objects);
    const others = Array.from({ length: count }, (_, i) => actionKey(actionOf(count + i)));
    expect((await store.lookup().records(others)).size).toBe(0);
    expect(asked).toMatchObject({ get: 0, getHashed: 0, has: 0 });
  });

  it.each([
    ['record', (record: ActionRecord) => pointerKey(record.key)],
    ['manifest', (record: ActionRecord) => contentKey('artifacts', record.outputs.data?.digest as never)],
    ['blob', (_: ActionRecord, i: number) => contentKey('blobs', digestOf(`${i}`))],
  ])('are misses where their %s is gone, at once, and hits when it is back', async (_, keyOf) => {
    const [i, record] = [17, records[17] as ActionRecord];
    const bytes = (await objects.get(keyOf(record, i))) as Buffer;
    await objects.remove(keyOf(record, i));
    expect(await misses()).toEqual([record.key]);
    await objects.put(keyOf(record, i), bytes);
    expect(await misses()).toEqual([]);
  });

  it.each([
    ['record', (record: ActionRecord) => pointerKey(record.key)],
    ['manifest', (record: ActionRecord) => contentKey('artifacts', record.outputs.data?.digest as never)],
  ])('are misses where other bytes lie in the place of their %s', async (_, keyOf) => {
    const record = records[23] as ActionRecord;
    const bytes = (await objects.get(keyOf(record))) as Buffer;
    await objects.put(keyOf(record), text('{}'), { overwrite: true });
    expect(await misses()).toEqual([record.key]);
    await objects.put(keyOf(record), bytes, { overwrite: true });
    expect(await misses()).toEqual([]);
  });

  it('lead to the record that counts now', async () => {
    const [first, i] = [records[31] as ActionRecord, 31];
    await objects.remove(contentKey('blobs', digestOf(`${i}`)));
    const again = await finish(i, { data: await artifact('made again, and different') });
    expect(again.outputs).not.toEqual(first.outputs);
    expect((await plain.lookup({ memo }).records(keys)).get(first.key)).toEqual(again);
    expect(await misses()).toEqual([]);
  });

  it('are misses where one of several outputs is gone', async () => {
    const [first, second] = [await artifact('one of two'), await artifact('the other')];
    const record = recordOf(actionOf(count), { first, second });
    await plain.putRecord(record);
    const asked = [...keys, record.key];
    expect((await plain.lookup({ memo }).records(asked)).size).toBe(count + 1);
    await objects.remove(contentKey('blobs', digestOf('the other')));
    expect((await plain.lookup({ memo }).records(asked)).has(record.key)).toBe(false);
  });

  it('are found where a listing breaks off, or fails at once', async () => {
    for (const page of [0, 1, 2]) expect(await misses(counted(objects, page).store)).toEqual([]);
  });

  it('that a gc takes away meanwhile are told by the generation', async () => {
    const since = await plain.sweeps.settled();
    const lookup = plain.lookup({ memo });
    expect((await lookup.records(keys.slice(0, 200))).size).toBe(200);
    await gc(plain, { graceSeconds: 0, dryRun: false });
    expect(await plain.sweeps.unswept(since)).toBe(false);
    expect(await misses()).toEqual(keys);
  });
});

it('a bit that turned over under a record is not seen while it is remembered, and by every reader else', async () => {
  const bucket = `damaged-${Date.now()}`;
  const objects = new S3Objects({ ...minio.config, bucket, attempts: 2, backoffMs: 5 });
  await objects.ensureBucket();
  const store = new Store(objects);
  const file = await store.putFile('a.bin', text('a'), 'application/octet-stream');
  const data = await store.putArtifact({ type: 'dataset', meta: {}, files: [file] });
  const of = (i: number) => store.putRecord(recordOf(actionOf(i), { data }));
  const keys = (
    await mapBounded(
      Array.from({ length: 120 }, (_, i) => i),
      8,
      of,
    )
  ).map(({ record }) => record.key);
  const memo = new LookupMemo();
  await store.lookup({ memo }).records(keys);

  const damaged = keys[5] as ActionKey;
  const [path] = filesOnDisk(join(minio.folder, '..', bucket), pointerKey(damaged));
  flipOnDisk(path as string, 0.6, 0);
  expect((await store.lookup({ memo: new LookupMemo(memo.bytes) }).records(keys)).has(damaged)).toBe(true);
  expect((await store.lookup().records(keys)).has(damaged)).toBe(false);
  expect((await fsck(objects)).flaws.map(({ key }) => key)).toContain(pointerKey(damaged));
});

describe('a listing', () => {
  const pageOf = (from: number, to: number): Described[] =>
    Array.from({ length: to - from }, (_, i) => ({ key: `k/${1_000_000 + from + i}`, bytes: 1, writtenAtMs: 0 }));
  const listed = (...pages: Described[][]) => {
    let given = 0;
    const objects = {
      async *pages() {
        for (const page of pages) {
          given++;
          yield page;
        }
      },
    } as unknown as ObjectStore;
    return { objects, given: () => given };
  };
  const wanted = (step: number, to: number): string[] =>
    Array.from({ length: Math.ceil(to / step) }, (_, i) => `k/${1_000_000 + i * step}`);

  it('ends after the first page where the store holds much else, and says nothing of the rest', async () => {
    const { objects, given } = listed(pageOf(0, 1000), pageOf(1000, 2000));
    const listing = await Listing.over(objects, 'k/', wanted(20, 50_000));
    expect(given()).toBe(1);
    expect(listing.find('k/1000999')).toMatchObject({ bytes: 1 });
    expect(listing.find('k/1000998x')).toBe('absent');
    expect(listing.find('k/1001000')).toBeUndefined();
  });

  it('goes on where few are known yet of the many that are expected', async () => {
    const { objects, given } = listed(pageOf(0, 1000), pageOf(1000, 2000));
    const listing = await Listing.over(objects, 'k/', wanted(20, 2000), 1000);
    expect(given()).toBe(2);
    expect(listing.find('k/2')).toBe('absent');
  });

  it('ends when all that is expected is answered for', async () => {
    const { objects, given } = listed(pageOf(0, 1000), pageOf(1000, 2000));
    await Listing.over(objects, 'k/', wanted(1, 500));
    expect(given()).toBe(1);
  });

  it('is not begun for few, nor for nothing', async () => {
    const { objects, given } = listed(pageOf(0, 1000));
    expect((await Listing.over(objects, 'k/', wanted(1, 99))).find('k/1000000')).toBeUndefined();
    expect((await Listing.over(objects, 'k/', [], 1000)).find('k/1000000')).toBeUndefined();
    expect(given()).toBe(0);
  });

  it('whose keys are in no order says nothing', async () => {
    const { objects, given } = listed(pageOf(500, 1000), pageOf(0, 500), pageOf(1000, 2000));
    const listing = await Listing.over(objects, 'k/', wanted(1, 2000));
    expect(given()).toBe(2);
    expect(listing.find('k/1000000')).toBeUndefined();
    expect(listing.find('k/1000999')).toBeUndefined();
    expect(listing.find('k/0')).toBeUndefined();
  });
});

describe('the memo', () => {
  const record = recordOf(actionOf(1), {});
  const ref: ArtifactRef = { type: 'dataset', digest: digestOf('manifest') };
  const md5 = '9a0364b9e99bb480dd25e1f0284c8555'; // of "content"
  const filled = (): LookupMemo => {
    const memo = new LookupMemo();
    memo.keepRecord(record.key, record, text('content'));
    memo.keepManifest(ref, [digestOf('blob')], text('content'));
    return memo;
  };

  it('gives what was read of exactly these bytes, and of this type', () => {
    for (const memo of [filled(), new LookupMemo(filled().bytes)]) {
      expect(memo.record(record.key, md5)).toEqual(record);
      expect(memo.blobsOf(ref, md5)).toEqual([digestOf('blob')]);
      expect(memo.record(record.key, 'another')).toBeUndefined();
      expect(memo.record(record.key, undefined)).toBeUndefined();
      expect(memo.blobsOf(ref, 'another')).toBeUndefined();
      expect(memo.blobsOf({ ...ref, type: 'weights' }, md5)).toBeUndefined();
    }
  });

  it('is empty where its bytes are damaged or missing', () => {
    const bytes = filled().bytes as Buffer;
    const at = bytes.indexOf('"seed":7') + '"seed":'.length;
    bytes[at] = 0x38;
    for (const given of [bytes, Buffer.alloc(0), bytes.subarray(0, 40), undefined])
      expect(new LookupMemo(given).record(record.key, md5)).toBeUndefined();
  });

  it('is kept again only where something was read, without what was not asked for', () => {
    const before = new LookupMemo(filled().bytes);
    before.record(record.key, md5);
    expect(before.bytes).toBeUndefined();
    before.keepManifest({ ...ref, digest: digestOf('other') }, [], text('content'));
    const after = new LookupMemo(before.bytes);
    expect(after.keys).toEqual([record.key]);
    expect(after.artifacts).toEqual([digestOf('other')]);
  });
});
