import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Action, type ActionKey, type ActionRecord, actionKey, type Outputs } from '../../core/action.ts';
import { type ArtifactManifest, type ArtifactRef, manifestDigest } from '../../core/artifact.ts';
import { type Digest, digestOf, digestOfJson, hexOf } from '../../core/digest.ts';
import { contentKey } from '../../store/blobs.ts';
import type { RunDocument, Store } from '../../store/index.ts';
import { recordOf as blankRecord } from '../helpers/record.ts';

const writers = Array.from({ length: 16 }, (_, i) => i);
const text = (value: string): Buffer => Buffer.from(value);

/** A name that no test has used: tests share one server. */
const fresh = (name: string): string => `${name}-${randomBytes(8).toString('hex')}`;

const actionOf = (params: Action['params']): Action => ({ kind: 'test/kind', params, seed: 7, code: digestOf('code') });

const recordOf = (action: Action, outputs: Outputs, endedAt = '2026-01-01T00:00:01+00:00'): ActionRecord =>
  blankRecord(action, outputs, { endedAt });

/** What every store promises, over whatever server. @param open gives the store under test, maybe used before */
export const storeContract = (name: string, open: () => Store): void => {
  let store: Store;
  const dataset = async (...contents: string[]): Promise<ArtifactRef> => {
    const files = contents.map((content, i) => store.putFile(`${i}.bin`, text(content), 'application/octet-stream'));
    return store.putArtifact({ type: 'dataset', meta: {}, files: await Promise.all(files) });
  };
  /** Removes the first blob of an artifact. */
  const losePart = async (ref: ArtifactRef): Promise<void> => {
    const [file] = (await store.getArtifact(ref)).files;
    await store.objects.remove(contentKey('blobs', file?.digest as never));
  };
  beforeEach(() => {
    store = open();
  });

  describe(`${name}: objects`, () => {
    it('gives back bytes as they were put, empty ones too, and nothing for what was never put', async () => {
      for (const bytes of [randomBytes(1), randomBytes(300_000), Buffer.alloc(0)]) {
        const key = fresh('objects/a%5Bm%3D0.5%5D~x');
        expect(await store.objects.get(key)).toBeUndefined();
        expect(await store.objects.has(key)).toBe(false);
        expect(await store.objects.put(key, bytes)).toBe('written');
        expect((await store.objects.get(key))?.equals(bytes)).toBe(true);
        expect(await store.objects.has(key)).toBe(true);
        await store.objects.remove(key);
        await store.objects.remove(key);
        expect(await store.objects.has(key)).toBe(false);
      }
    });

    it('keeps the first object under a key unless told to replace it', async () => {
      const key = fresh('objects/x');
      await store.objects.put(key, text('first'));
      expect(await store.objects.put(key, text('second'))).toBe('present');
      expect(await store.objects.get(key)).toEqual(text('first'));
      expect(await store.objects.put(key, text('third'), { overwrite: true })).toBe('written');
      expect(await store.objects.get(key)).toEqual(text('third'));
    });

    it('lets one of 16 concurrent writers of a key win, and tells the others', async () => {
      const key = fresh('objects/race');
      const outcomes = await Promise.all(writers.map((i) => store.objects.put(key, text(`writer ${i}`))));
      expect(outcomes.filter((outcome) => outcome === 'written')).toHaveLength(1);
      expect(await store.objects.get(key)).toEqual(text(`writer ${outcomes.indexOf('written')}`));
    });

    it('lists the keys under a prefix, sorted', async () => {
      const prefix = fresh('objects/list');
      const keys = ['a', 'a%20b', 'b/c', 'b0'].map((name) => `${prefix}/${name}`);
      for (const key of [...keys].reverse()) await store.objects.put(key, Buffer.alloc(0));
      await store.objects.put(`${prefix}.other/x`, Buffer.alloc(0));
      expect(await store.objects.list(`${prefix}/`)).toEqual(keys);
      expect(await store.objects.list(`${prefix}/b`)).toEqual(keys.slice(2));
      expect(await store.objects.list(`${prefix}/none`)).toEqual([]);
    });

    it('refuses keys that climb or hide, and objects over 64 MiB', async () => {
      for (const key of ['../x', 'a/../b', '/a', 'a//b', 'a b', 'ä', '', '.', 'a/']) {
        await expect(store.objects.put(key, text('x'))).rejects.toMatchObject({ code: 'StoreKeyInvalid' });
      }
      const bytes = Buffer.alloc(64 * 2 ** 20 + 1);
      await expect(store.putFile('x', bytes, 'x/y')).rejects.toMatchObject({ code: 'BlobTooLarge' });
    });
  });

  describe(`${name}: blobs and artifacts`, () => {
    it('keeps blobs under their digest, once', async () => {
      const entry = await store.putFile('a.txt', text('hello'), 'text/plain');
      expect(entry).toEqual({ path: 'a.txt', digest: digestOf('hello'), bytes: 5, mediaType: 'text/plain' });
      expect(await store.putFile('b.txt', text('hello'), 'text/plain')).toMatchObject({ digest: entry.digest });
      expect(await store.getBlob(entry.digest)).toEqual(text('hello'));
      const hex = hexOf(entry.digest);
      const key = `blobs/sha256/${hex.slice(0, 2)}/${hex.slice(2)}`;
      expect(await store.objects.list(key)).toEqual([key]);
    });

    it('takes one blob from 16 writers at once without an error', async () => {
      const bytes = randomBytes(100_000);
      const entries = await Promise.all(writers.map((i) => store.putFile(`${i}`, bytes, 'x/y')));
      expect(new Set(entries.map(({ digest }) => digest)).size).toBe(1);
      expect((await store.getBlob(entries[0]?.digest as never)).equals(bytes)).toBe(true);
    });

    it('tells missing and replaced bytes, and is mended by putting them again', async () => {
      const bytes = randomBytes(1000);
      const { digest } = await store.putFile('x', bytes, 'x/y');
      const key = contentKey('blobs', digest);
      await store.objects.put(key, text('something else'), { overwrite: true });
      await expect(store.getBlob(digest)).rejects.toMatchObject({
        code: 'BlobCorrupt',
        retryable: false,
        data: { digest, found: digestOf('something else') },
      });
      await store.putFile('x', bytes, 'x/y');
      expect(await store.getBlob(digest)).toEqual(bytes);
      await store.objects.remove(key);
      await expect(store.getBlob(digest)).rejects.toMatchObject({ code: 'BlobMissing', data: { digest } });
      await store.putFile('x', bytes, 'x/y');
      expect(await store.getBlob(digest)).toEqual(bytes);
    });

    it('drops what is damaged of an artifact, and nothing else', async () => {
      const ref = await dataset(fresh('a'), fresh('b'), fresh('c'));
      expect(await store.dropIfDamaged(ref)).toBe(false);
      const { files } = await store.getArtifact(ref);
      const [spoiled, lost, sound] = files.map(({ digest }) => digest) as [Digest, Digest, Digest];
      await store.objects.put(contentKey('blobs', spoiled), text('something else'), { overwrite: true });
      await store.objects.remove(contentKey('blobs', lost));
      expect(await store.hasBlob(spoiled)).toBe(true);
      expect(await store.dropIfDamaged(ref)).toBe(true);
      expect(await Promise.all([spoiled, lost, sound].map(store.hasBlob))).toEqual([false, false, true]);
      await store.objects.put(contentKey('artifacts', ref.digest), text('{}'), { overwrite: true });
      expect(await store.dropIfDamaged(ref)).toBe(true);
      await expect(store.getArtifact(ref)).rejects.toMatchObject({ code: 'ArtifactMissing' });
      expect(await store.hasBlob(sound)).toBe(true);
    });

    it('refuses what is no digest before it becomes a key', async () => {
      for (const digest of ['sha256:../../x', 'md5:00', '']) {
        await expect(async () => store.getBlob(digest as never)).rejects.toMatchObject({ code: 'DigestInvalid' });
      }
    });

    it('names an artifact by its manifest, whatever the order of files and keys', async () => {
      const a = await store.putFile('a', text('a'), 'x/y');
      const b = await store.putFile('b/c', text('b'), 'x/y');
      const manifest = { type: 'dataset', meta: { n: 1, m: [1.5, null] }, files: [b, a] } satisfies ArtifactManifest;
      const ref = await store.putArtifact(manifest);
      expect(ref).toEqual({ type: 'dataset', digest: manifestDigest(manifest) });
      const again = await store.putArtifact({ files: [a, b], meta: { m: [1.5, null], n: 1 }, type: 'dataset' });
      expect(again).toEqual(ref);
      expect(await store.getArtifact(ref)).toEqual({ type: 'dataset', meta: manifest.meta, files: [a, b] });
    });

    it('refuses manifests with a path twice, a path that climbs, a blob without digest, or values that are no JSON', async () => {
      const file = await store.putFile('a', text('a'), 'x/y');
      const put = (files: object[], meta = {}) => store.putArtifact({ type: 'dataset', meta, files: files as never });
      const invalid = { code: 'ArtifactInvalid' };
      await expect(put([file, file])).rejects.toMatchObject(invalid);
      await expect(put([{ ...file, path: '../a' }])).rejects.toMatchObject(invalid);
      await expect(put([{ ...file, path: '/a' }])).rejects.toMatchObject(invalid);
      await expect(put([{ ...file, digest: 'x' }])).rejects.toMatchObject(invalid);
      await expect(put([], { loss: Number.NaN })).rejects.toMatchObject({ code: 'NotCanonical' });
      await expect(store.putFile('a\nb', text('a'), 'x/y')).rejects.toMatchObject(invalid);
    });

    it('tells missing and replaced manifests, and refs of another type', async () => {
      const ref = await dataset(fresh('a'));
      const other = await dataset(fresh('b'));
      await expect(store.getArtifact({ ...ref, type: 'weights' })).rejects.toMatchObject({ code: 'ArtifactInvalid' });
      const bytes = await store.objects.get(contentKey('artifacts', other.digest));
      await store.objects.put(contentKey('artifacts', ref.digest), bytes as Buffer, { overwrite: true });
      await expect(store.getArtifact(ref)).rejects.toMatchObject({ code: 'ArtifactCorrupt' });
      await store.objects.remove(contentKey('artifacts', ref.digest));
      await expect(store.getArtifact(ref)).rejects.toMatchObject({ code: 'ArtifactMissing' });
    });
  });

  describe(`${name}: records`, () => {
    it('serves a key only while its manifests and every blob of them are there', async () => {
      const keys: ActionKey[] = [];
      const refs: ArtifactRef[] = [];
      for (const i of [0, 1, 2]) {
        const ref = await dataset(fresh('x'), fresh('y'));
        const action = actionOf({ name: fresh(`${i}`) });
        await store.putRecord(recordOf(action, { default: await dataset('shared'), other: ref }));
        keys.push(actionKey(action));
        refs.push(ref);
      }
      const [a, b, c] = keys as [ActionKey, ActionKey, ActionKey];
      const never = actionKey(actionOf({ name: fresh('never') }));
      expect([...(await store.lookupRecords([a, never, b, c, a])).keys()]).toEqual([a, b, c]);
      expect((await store.lookupRecords([a])).get(a)?.outputs.other).toEqual(refs[0]);
      await losePart(refs[0] as ArtifactRef);
      await store.objects.remove(contentKey('artifacts', (refs[1] as ArtifactRef).digest));
      expect([...(await store.lookupRecords(keys)).keys()]).toEqual([c]);
      expect(await store.getRecord(a)).toMatchObject({ key: a });
    });

    it('does not serve a record that was replaced, damaged or put under another key', async () => {
      const action = actionOf({ name: fresh('mine') });
      const other = actionOf({ name: fresh('other') });
      const outputs = { default: await dataset('shared') };
      const pointer = (of: Action) => `actions/${hexOf(actionKey(of))}/record`;
      for (const of of [action, other]) await store.putRecord(recordOf(of, outputs));
      const good = (await store.objects.get(pointer(action)))?.toString() as string;
      const foreign = (await store.objects.get(pointer(other)))?.toString() as string;
      const forged = { ...recordOf(other, outputs), key: actionKey(action) };
      await expect(store.putRecord(forged)).rejects.toMatchObject({ code: 'RecordInvalid' });
      for (const bad of [
        JSON.stringify({ digest: digestOfJson(forged as never), record: forged }),
        '',
        'null',
        '{',
        '[]',
        foreign,
        good.replace('"workflowId":"w"', '"workflowId":"v"'),
        '{"record":null}',
      ]) {
        await store.objects.put(pointer(action), text(bad), { overwrite: true });
        expect((await store.lookupRecords([actionKey(action)])).size).toBe(0);
        expect(await store.putRecord(recordOf(action, outputs))).toMatchObject({ nonReproducible: false });
        expect((await store.lookupRecords([actionKey(action)])).size).toBe(1);
      }
    });

    it('keeps every record, lets the first one count, and reports a result that differs', async () => {
      const action = actionOf({ name: fresh('twice') });
      const first = recordOf(action, { default: await dataset(fresh('a')) });
      const same = { ...first, endedAt: '2026-01-02T00:00:00+00:00', attempt: 2 };
      const different = recordOf(action, { default: await dataset(fresh('b')) }, '2026-01-03T00:00:00+00:00');
      expect(await store.putRecord(first)).toMatchObject({ record: first, nonReproducible: false });
      expect(await store.putRecord(same)).toMatchObject({ record: first, nonReproducible: false });
      expect(await store.putRecord(different)).toMatchObject({ record: first, nonReproducible: true });
      expect((await store.lookupRecords([first.key])).get(first.key)).toEqual(first);
      expect(await store.listRecords(first.key)).toEqual([first, same, different]);
    });

    it('agrees on one record when 16 writers with different results meet', async () => {
      const action = actionOf({ name: fresh('race') });
      const refs = await Promise.all(writers.map(() => dataset(fresh('result'))));
      const puts = await Promise.all(refs.map((ref) => store.putRecord(recordOf(action, { default: ref }))));
      expect(new Set(puts.map(({ digest }) => digest)).size).toBe(1);
      expect(puts.filter(({ nonReproducible }) => nonReproducible)).toHaveLength(15);
      expect(await store.listRecords(actionKey(action))).toHaveLength(16);
    });

    it('serves a later result once the outputs of the first are lost, and keeps both records', async () => {
      const action = actionOf({ name: fresh('lost') });
      const lost = await dataset(fresh('a'));
      const first = recordOf(action, { default: lost });
      const later = recordOf(action, { default: await dataset(fresh('b')) }, '2026-01-02T00:00:00+00:00');
      await store.putRecord(first);
      await losePart(lost);
      expect(await store.putRecord(later)).toMatchObject({ record: later, nonReproducible: true });
      expect((await store.lookupRecords([later.key])).get(later.key)).toEqual(later);
      expect(await store.listRecords(later.key)).toEqual([first, later]);
    });
  });

  describe(`${name}: runs and nodes`, () => {
    const runOf = (id: string, startedAt: string): RunDocument => ({
      id,
      plan: { experiment: 'e', nodes: [] },
      spec: { path: 'pipelines/e.yaml' },
      startedAt,
      workflowId: `cemiflow/${id}`,
    });

    it('keeps run documents, replaced as a run goes on, and lists the latest first', async () => {
      const [a, b] = [runOf(fresh('a'), '2026-01-01T00:00:00+00:00'), runOf(fresh('b'), '2026-01-02T00:00:00+00:00')];
      expect(await store.getRun(a.id)).toBeUndefined();
      await store.putRun(a);
      await store.putRun(b);
      await store.putRun({ ...a, state: 'done' });
      expect(await store.getRun(a.id)).toEqual({ ...a, state: 'done' });
      const ids = (await store.listRuns()).map(({ id }) => id).filter((id) => [a.id, b.id].includes(id));
      expect(ids).toEqual([b.id, a.id]);
    });

    it('tells a damaged run document, and lists the others', async () => {
      const run = runOf(fresh('run'), '2026-01-03T00:00:00+00:00');
      await store.putRun(run);
      await store.objects.put(`runs/${run.id}`, text('{'), { overwrite: true });
      await expect(store.getRun(run.id)).rejects.toMatchObject({ code: 'RunCorrupt', data: { id: run.id } });
      expect((await store.listRuns()).map(({ id }) => id)).not.toContain(run.id);
      await store.objects.remove(`runs/${run.id}`);
    });

    it("remembers each node's latest action, whatever the node is called", async () => {
      const experiment = fresh("it's an experiment (é)");
      const nodes = ['teacher', 'student[m=-0.5,loss=ada/face]', '..'];
      const latest = (id: string) => ({ key: actionKey(actionOf({ id })), action: actionOf({ id }) });
      for (const id of nodes) await store.putLatest(experiment, id, latest(`old ${id}`));
      for (const id of nodes) await store.putLatest(experiment, id, latest(id));
      const found = await store.latestOf(experiment, [...nodes, 'never', 'teacher']);
      expect(found).toEqual(new Map(nodes.map((id) => [id, latest(id)])));
      expect(await store.getLatest(fresh('other'), 'teacher')).toBeUndefined();
    });
  });
};
