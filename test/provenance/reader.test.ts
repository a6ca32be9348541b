import { describe, expect, it } from 'vitest';
import type { ArtifactRef } from '../../core/artifact.ts';
import { type Digest, digestOf } from '../../core/digest.ts';
import type { JsonObject } from '../../core/errors.ts';
import { openRun } from '../../engine/seal.ts';
import { openForAudit } from '../../provenance/audit/open.ts';
import { AuditReader } from '../../provenance/audit/reader.ts';
import { Ledger } from '../../provenance/audit/result.ts';
import { contentKey } from '../../store/blobs.ts';
import { memoryStore } from '../helpers/memory-store.ts';
import { makeRun } from './made-run.ts';

const audited = async (meta: JsonObject) => {
  const store = memoryStore();
  const ledger = new Ledger();
  const ref = await store.putArtifact({ type: 'dataset', meta, files: [] });
  await new AuditReader(store, ledger).artifact(ref, 'photos.data');
  return { ref, ledger };
};

const sound = { identities: 0, images: 0, height: 8, width: 8, origin: 'folder' };

it('an audit reads every manifest that it rehashes', async () => {
  const { ledger } = await audited(sound);
  expect(ledger.problems).toEqual([]);
  expect(ledger.checks).toContainEqual({ what: 'manifests read', held: 1, of: 1 });
});

it.each([
  ['a field that is damaged', { ...sound, width: 'wide' }, 'meta.width must be a whole number from 1, got "wide"'],
  ['a version that came later', { ...sound, version: 9 }, 'meta.version must be 1, got 9'],
])('an audit names %s, with the digest', async (_, meta, message) => {
  const { ref, ledger } = await audited(meta);
  expect(ledger.problems).toEqual([
    { fault: 'not verifiable', where: 'photos.data', message: `dataset ${ref.digest}: ${message}` },
  ]);
});

/** Stores text as a manifest: its bytes hash to its digest, whatever they say. */
const putManifest = async (store: ReturnType<typeof memoryStore>, text: string, type = 'run'): Promise<ArtifactRef> => {
  const digest = digestOf(text);
  await store.objects.put(contentKey('artifacts', digest), Buffer.from(text));
  return { type: type as 'run', digest };
};

const withFiles = (files: unknown, type = 'run') => JSON.stringify({ type, meta: {}, files });
const file = { digest: digestOf('file'), bytes: 4, mediaType: 'x/y' };

it.each([
  '{',
  'null',
  '[]',
  '{}',
  JSON.stringify({ type: 'run', meta: null, files: [] }),
  withFiles(null),
  withFiles({}),
  withFiles([null]),
  withFiles([1]),
  withFiles([{ ...file, path: 1 }]),
  withFiles([{ ...file, path: 'a', digest: 'x' }]),
])('a manifest that is %s is damaged, for the store and for an audit', async (text) => {
  const store = memoryStore();
  const ref = await putManifest(store, text);
  await expect(store.getArtifact(ref)).rejects.toMatchObject({ code: 'ArtifactInvalid', data: { digest: ref.digest } });
  expect(await store.isWhole(ref)).toBe(false);
  expect(await store.dropIfDamaged(ref)).toBe(true);
  const ledger = new Ledger();
  expect(await new AuditReader(store, ledger).artifact(ref, 'photos.data')).toBe(false);
  expect(await openForAudit(store, ref, undefined, ledger)).toBeUndefined();
  expect(ledger.problems).toMatchObject([
    { fault: 'corrupt', where: 'photos.data' },
    { fault: 'corrupt', where: 'the root of the run' },
  ]);
});

it.each(['imagined', 'constructor'])(
  'an audit names an artifact of the type %s, which it does not know',
  async (type) => {
    const store = memoryStore();
    const ledger = new Ledger();
    const ref = await putManifest(store, withFiles([], type), type);
    await new AuditReader(store, ledger).artifact(ref, 'photos.data');
    expect(ledger.problems).toEqual([
      {
        ...{ fault: 'not verifiable', where: 'photos.data' },
        message: expect.stringMatching(new RegExp(`${ref.digest}: type must be one of dataset, .*, got ${type}$`)),
      },
    ]);
  },
);

describe('a sealed run', () => {
  /** The run with another text as one of its files. */
  const changed = async (path: RegExp, text: string) => {
    const store = memoryStore();
    const { document } = await makeRun(store);
    const root = { type: 'run', digest: document.root as Digest } as const;
    const manifest = await store.getArtifact(root);
    const other = async (name: string) => store.putFile(name, Buffer.from(text), 'application/json');
    const at = manifest.files.findIndex((each) => path.test(each.path));
    const files = await Promise.all(manifest.files.map((each, i) => (i === at ? other(each.path) : each)));
    return { store, document, ref: await store.putArtifact({ ...manifest, files }), name: files[at]?.path };
  };
  const texts = ['{', '{}', 'null', '{"id":"made","experiment":"made","startedAt":"","spec":{"path":""},"plan":{}}'];

  it.each(texts)('whose run.json is %s is opened from its document', async (text) => {
    const { store, document, ref } = await changed(/^run\.json$/, text);
    await expect(openRun(store, ref)).rejects.toMatchObject({ code: 'ArtifactInvalid', data: { digest: ref.digest } });
    const ledger = new Ledger();
    expect((await openForAudit(store, ref, document, ledger))?.run.id).toBe(document.id);
    expect(ledger.problems).toMatchObject([{ fault: 'corrupt', where: 'run.json of the run' }]);
    expect(await openForAudit(store, ref, undefined, new Ledger())).toBeUndefined();
  });

  it.each(texts)('with a record that is %s is opened without it', async (text) => {
    const { store, document, ref, name } = await changed(/^records/, text);
    await expect(openRun(store, ref)).rejects.toMatchObject({ code: 'ArtifactInvalid', data: { digest: ref.digest } });
    const ledger = new Ledger();
    expect((await openForAudit(store, ref, document, ledger))?.records.size).toBe(4);
    expect(ledger.problems).toMatchObject([{ fault: 'corrupt', where: `record ${name} of the run` }]);
  });
});
