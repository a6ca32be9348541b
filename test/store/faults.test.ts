import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { hash } from '../../store/hash.ts';
import { S3Objects } from '../../store/s3.ts';
import type { S3Config } from '../../store/s3-config.ts';
import { FaultProxy, type StoreFault, storeFaults } from '../faults/proxy.ts';
import { startMinio, type TestMinio } from '../helpers/minio.ts';

let minio: TestMinio;
let proxy: FaultProxy;
/** Around the proxy. */
let direct: S3Objects;
beforeAll(async () => {
  minio = await startMinio();
  proxy = await FaultProxy.start(minio.config.endpoint);
  direct = new S3Objects(minio.config);
});
afterEach(() => proxy.end());
afterAll(async () => {
  proxy?.close();
  await minio?.stop();
});

/** Through the proxy, and soon at the end of its patience. */
const client = (change: Partial<S3Config> = {}): S3Objects => {
  const patience = { attempts: 3, backoffMs: 20, idleMs: 400, deadlineMs: 4_000 };
  return new S3Objects({ ...minio.config, endpoint: proxy.endpoint, ...patience, ...change });
};

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error) => (error.retryable ? error.code : `${error.code}, for good`),
  );

let names = 0;
const fresh = (): string => `faults/${names++}`;

/** What becomes of a call while the fault lasts; the store may have the bytes of an upload all the same. */
const expected: { readonly [fault in StoreFault]: { readonly put: string; readonly get: string } } = {
  unavailable: { put: 'StoreUnavailable', get: 'StoreUnavailable' },
  full: { put: 'StoreFull', get: 'done' },
  reset: { put: 'StoreUnreachable', get: 'StoreUnreachable' },
  // The server says that it has the object and never gives it: nothing tells this from a damaged disk.
  cut: { put: 'done', get: 'ObjectUnreadable, for good' },
  unanswered: { put: 'StoreUnreachable', get: 'StoreUnreachable' },
  stall: { put: 'StoreTimeout', get: 'StoreTimeout' },
  slow: { put: 'StoreTimeout', get: 'StoreTimeout' },
};

describe.each(storeFaults)('a store with the fault "%s"', (fault) => {
  const bytes = randomBytes(2_000_000);

  it('that lasts becomes a typed error, and a put leaves the whole object or nothing', async () => {
    const key = fresh();
    proxy.begin(fault);
    expect(await codeOf(client().put(key, bytes))).toBe(expected[fault].put);
    if (expected[fault].put !== 'done') expect(proxy.struck).toBeGreaterThan(0);
    proxy.end();
    const stored = await direct.getHashed(key);
    if (stored) expect(stored.digest).toBe(hash(bytes));
    expect(stored !== undefined).toBe(['cut', 'unanswered'].includes(fault));
  });

  it('that lasts never gives other bytes to a get', async () => {
    const key = fresh();
    await direct.put(key, bytes);
    proxy.begin(fault);
    const got = client().get(key);
    expect(await codeOf(got)).toBe(expected[fault].get);
    if (expected[fault].get === 'done') expect((await got)?.equals(bytes)).toBe(true);
    else expect(proxy.struck).toBeGreaterThan(0);
  });

  it('that passes is not noticed', async () => {
    const patient = client({ attempts: 12, deadlineMs: 60_000 });
    for (const work of ['put', 'get'] as const) {
      const key = fresh();
      if (work === 'get') await direct.put(key, bytes);
      proxy.begin(fault);
      const done = work === 'put' ? patient.put(key, bytes) : patient.get(key);
      const met = expected[fault][work] !== 'done';
      while (met && proxy.struck === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      proxy.end();
      await done;
      expect((await direct.get(key))?.equals(bytes)).toBe(true);
    }
  });
});

it('a put during which the server is killed leaves nothing, and the next attempt after its restart all', async () => {
  const key = fresh();
  const bytes = randomBytes(4_000_000);
  proxy.begin('slow');
  const put = client({ attempts: 30, idleMs: 10_000, deadlineMs: 50_000 }).put(key, bytes);
  while (proxy.struck === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await minio.kill();
  // The next attempts wait: MinIO lets nobody read a key to which a conditional put is under way.
  proxy.begin('stall');
  await minio.start();
  expect(await direct.get(key)).toBeUndefined();
  proxy.end();
  expect(await put).toBe('written');
  expect((await direct.get(key))?.equals(bytes)).toBe(true);
});
