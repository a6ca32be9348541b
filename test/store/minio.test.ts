import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { actionKey } from '../../core/action.ts';
import { digestOf, hexOf } from '../../core/digest.ts';
import { contentKey } from '../../store/blobs.ts';
import { openStore, Store } from '../../store/index.ts';
import { S3Objects } from '../../store/s3.ts';
import { startMinio, type TestMinio } from '../helpers/minio.ts';
import { recordOf } from '../helpers/record.ts';
import { storeContract } from './contract.ts';

let minio: TestMinio;
let store: Store;
beforeAll(async () => {
  minio = await startMinio();
  store = await openStore(minio.config);
});
afterAll(() => minio?.stop());

storeContract('MinIO', () => store);

describe('MinIO: damage on the disk', () => {
  /** Flips one bit in what the server has on its disk for a key. */
  const flip = (key: string): void => {
    const files = readdirSync(join(minio.folder, key), { recursive: true, withFileTypes: true }).filter((f) =>
      f.isFile(),
    );
    const file = files.find(({ name }) => name.startsWith('part.')) ?? files[0];
    const path = join(file?.parentPath as string, file?.name as string);
    const bytes = readFileSync(path);
    bytes[bytes.length - 20] = (bytes.at(-20) as number) ^ 1;
    writeFileSync(path, bytes);
  };
  const impatient = (): Store => new Store(new S3Objects({ ...minio.config, attempts: 2, backoffMs: 10 }));

  it.each([100, 200_000, 3_000_000])(
    'is told when a blob of %i bytes is read, and mended when it is put again',
    async (size) => {
      const bytes = randomBytes(size);
      const { digest } = await store.putFile('x', bytes, 'x/y');
      flip(contentKey('blobs', digest));
      expect(await store.hasBlob(digest)).toBe(true);
      await expect(impatient().getBlob(digest)).rejects.toMatchObject({ code: 'BlobCorrupt', retryable: false });
      await impatient().putFile('x', bytes, 'x/y');
      expect((await store.getBlob(digest)).equals(bytes)).toBe(true);
    },
  );

  it('of a record or manifest makes a miss, not a failure', async () => {
    for (const damage of ['record', 'manifest']) {
      const action = { kind: 'test/kind', params: { damage }, seed: 1, code: digestOf('code') };
      const ref = await store.putArtifact({ type: 'metrics', meta: { damage }, files: [] });
      const key = actionKey(action);
      const record = recordOf(action, { default: ref });
      await store.putRecord(record);
      flip(damage === 'record' ? `actions/${hexOf(key)}/record` : contentKey('artifacts', ref.digest));
      expect((await impatient().lookupRecords([key])).size).toBe(0);
      await impatient().putArtifact({ type: 'metrics', meta: { damage }, files: [] });
      await impatient().putRecord(record);
      expect((await store.lookupRecords([key])).size).toBe(1);
    }
  });
});
