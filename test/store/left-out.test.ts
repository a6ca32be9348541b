import { beforeEach, expect, test } from 'vitest';
import { type ActionRecord, actionKey } from '../../core/action.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { type Digest, digestOf } from '../../core/digest.ts';
import type { PlanNode } from '../../core/plan.ts';
import { keepRun } from '../../engine/seal.ts';
import { contentKey } from '../../store/blobs.ts';
import { fsck, gc, type Store } from '../../store/index.ts';
import { memoryStore } from '../helpers/memory-store.ts';
import { recordOf } from '../helpers/record.ts';

const action = { kind: 'test/kind', params: {}, seed: 7, code: digestOf('code') };
const key = actionKey(action);
const node: PlanNode = {
  ...{ id: 'node', stage: 'node', kind: action.kind, matrix: {}, params: {}, seed: 7, code: action.code },
  ...{ resource: 'cpu', sharded: false, outputs: { out: 'weights' } },
};
const gone = contentKey('blobs', digestOf('large'));

let store: Store;
let out: ArtifactRef;
let large: Digest;
let record: ActionRecord;

/** A sealed run of one action, whose two files are then one. */
beforeEach(async () => {
  store = memoryStore();
  const files = await Promise.all(
    ['small', 'large'].map((name) => store.putFile(name, Buffer.from(name), 'text/plain')),
  );
  large = digestOf('large');
  out = await store.putArtifact({ type: 'weights', meta: {}, files });
  const source = { code: await store.putArtifact({ type: 'code', meta: {}, files: [] }) };
  record = (await store.putRecord(recordOf(action, { out }, { source }))).record;
  const startedAt = '2026-01-01T00:00:00+00:00';
  const document = {
    ...{ id: 'run', plan: { experiment: 'run', nodes: [node] }, spec: { path: '/s' }, startedAt },
    ...{ workflowId: 'run', state: 'done' as const },
  };
  await keepRun(store, document, { node: { key } });
  await store.objects.remove(gone);
});

const isHit = async (): Promise<boolean> => (await store.lookupRecords([key])).has(key);
const remove = () => gc(store, { graceSeconds: 0, dryRun: false });

test('a file that was left out is no miss, and no flaw of the store', async () => {
  expect(await isHit()).toBe(false);
  expect((await fsck(store.objects)).flaws).toMatchObject([{ fault: 'missing', key: gone }]);
  await store.leftOut.add(large);
  expect(await isHit()).toBe(true);
  expect(await store.isWhole(out)).toBe(true);
  expect(await store.hasBlob(large)).toBe(false);
  expect([...(await store.leftOut.all())]).toEqual([large]);
  const { checked, flaws } = await fsck(store.objects);
  expect([checked['left-out'], flaws]).toEqual([1, []]);
});

test('it is a miss from the moment on that its bytes are asked for', async () => {
  await store.leftOut.add(large);
  await expect(store.getBlob(large)).rejects.toMatchObject({ code: 'BlobMissing' });
  expect(await store.dropIfDamaged(out)).toBe(true);
  expect(await isHit()).toBe(false);
  // Made again, to other bytes: that result counts from now on.
  const other = await store.putArtifact({ type: 'weights', meta: { other: true }, files: [] });
  const again = await store.putRecord({ ...record, outputs: { out: other } });
  expect(again).toMatchObject({ nonReproducible: true, record: { outputs: { out: other } } });
});

test('what is made once more does not take the place of a result whose files were left out', async () => {
  await store.leftOut.add(large);
  const other = await store.putArtifact({ type: 'weights', meta: { other: true }, files: [] });
  const again = await store.putRecord({ ...record, outputs: { out: other } });
  expect(again).toMatchObject({ nonReproducible: true, record: { outputs: { out } } });
});

test('gc keeps the note as long as a run needs it and the bytes are not there', async () => {
  await store.leftOut.add(large);
  await store.leftOut.add(digestOf('of no run'));
  expect((await remove()).garbage['left-out']?.objects).toBe(1);
  expect(await isHit()).toBe(true);
  await store.putFile('large', Buffer.from('large'), 'text/plain');
  expect((await remove()).garbage['left-out']?.objects).toBe(1);
  expect([...(await store.leftOut.all())]).toEqual([]);
  expect(await isHit()).toBe(true);
});
