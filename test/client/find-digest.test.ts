import { beforeEach, expect, test } from 'vitest';
import { runsNaming } from '../../client/find-digest.ts';
import type { Digest } from '../../core/digest.ts';
import { type Lineage, madeNodes } from '../../core/lineage.ts';
import { nameOf } from '../../provenance/trace/find.ts';
import { contentKey } from '../../store/blobs.ts';
import { fsck, type Store } from '../../store/index.ts';
import { type MemoryObjects, memoryStore } from '../helpers/memory-store.ts';
import { makeRun } from '../provenance/made-run.ts';

let store: Store & { readonly objects: MemoryObjects };
let [older, newer]: Lineage[] = [];

/** Two runs whose photos differ. */
beforeEach(async () => {
  store = memoryStore();
  const first = await makeRun(store);
  // Made elsewhere: in one store, the second run would find the photos of the first.
  const other = memoryStore();
  const second = await makeRun(other, { licence: 'CC-BY-4.0' });
  for (const [key, bytes] of other.objects.map) await store.objects.put(key, bytes);
  await store.putRun({ ...first.document, id: 'older' });
  await store.putRun({ ...second.document, id: 'newer', startedAt: '2026-01-02T00:00:00.000+00:00' });
  await store.removeRun(first.document.id);
  [older, newer] = [first.lineage, second.lineage];
});

const rootsNaming = async (digest: Digest): Promise<(Digest | undefined)[]> => {
  const found: (Digest | undefined)[] = [];
  for await (const lineage of runsNaming(store, digest)) found.push(lineage.root?.digest);
  return found;
};

const photosOf = (lineage: Lineage | undefined): Digest => {
  const [photos] = lineage ? madeNodes(lineage) : [];
  return photos?.record.outputs.data?.digest as Digest;
};

/** Keys that are read while something is done. */
const readsOf = async (work: () => Promise<unknown>): Promise<string[]> => {
  const keys: string[] = [];
  const { get } = store.objects;
  store.objects.get = (key) => {
    keys.push(key);
    return get.call(store.objects, key);
  };
  await work();
  store.objects.get = get;
  return keys;
};

test('a digest is looked for in the runs that have it: no other is opened', async () => {
  await rootsNaming(photosOf(older));
  const reads = await readsOf(async () => expect(await rootsNaming(photosOf(older))).toEqual([older?.root?.digest]));
  expect(reads).toContain(contentKey('artifacts', older?.root?.digest as Digest));
  expect(reads).not.toContain(contentKey('artifacts', newer?.root?.digest as Digest));
});

test('an index that is missing, damaged or of another root is made again', async () => {
  await rootsNaming(photosOf(older));
  const sound = Buffer.from(store.objects.map.get('index/newer') as Buffer);
  for (const bytes of [undefined, Buffer.from('{'), Buffer.from(store.objects.map.get('index/older') as Buffer)]) {
    if (bytes) store.objects.map.set('index/newer', bytes);
    else store.objects.map.delete('index/newer');
    expect(await rootsNaming(photosOf(newer))).toContain(newer?.root?.digest);
    expect(store.objects.map.get('index/newer')).toEqual(sound);
  }
});

test('no index is kept of a run of which a manifest cannot be read', async () => {
  store.objects.map.delete(contentKey('artifacts', photosOf(newer)));
  expect(await rootsNaming(photosOf(newer))).toContain(newer?.root?.digest);
  expect([...store.objects.map.keys()].filter((key) => key.startsWith('index/'))).toEqual(['index/older']);
});

test('whatever a run can name is in its index', async () => {
  const lineage = newer as Lineage;
  await rootsNaming(photosOf(newer));
  const root = lineage.root?.digest as Digest;
  const index = await store.runIndexes.get('newer', root);
  const all = [...store.objects.map.keys()].flatMap((key) => {
    const hex = /^(?:blobs|artifacts)\/sha256\/(..\/.{62})$/.exec(key)?.[1]?.replace('/', '');
    return hex ? [`sha256:${hex}` as Digest] : [];
  });
  const digests = [...all, ...lineage.digests.values(), ...lineage.records.keys()];
  for (const digest of digests) {
    if (!(await nameOf(lineage, store, digest))) continue;
    expect(index?.mayName(digest)).toBe(true);
  }
  expect(index?.mayName(photosOf(older))).toBe(false);
});

test('fsck knows an index, and a run that is removed leaves none', async () => {
  await rootsNaming(photosOf(older));
  expect((await fsck(store.objects)).checked).toMatchObject({ index: 2 });
  store.objects.map.set('index/older', Buffer.from('{}'));
  expect((await fsck(store.objects)).flaws).toMatchObject([{ kind: 'index', fault: 'corrupt' }]);
  await store.removeRun('older');
  expect(store.objects.map.has('index/older')).toBe(false);
});
