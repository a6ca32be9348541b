import { expect, it } from 'vitest';
import type { JsonObject } from '../../core/errors.ts';
import { AuditReader } from '../../provenance/audit/reader.ts';
import { Ledger } from '../../provenance/audit/result.ts';
import { memoryStore } from '../helpers/memory-store.ts';

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
