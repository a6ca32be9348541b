import { lanes, mapBounded } from '../core/bounded.ts';
import type { Digest } from '../core/digest.ts';
import { type Lineage, madeNodes } from '../core/lineage.ts';
import type { Store } from '../store/index.ts';
import { lineageOf } from './lineage.ts';

/**
 * Runs that may name a digest, latest first. A sealed run is opened only where its index has the digest; an index that is
 * missing is made on the way. Runs that cannot be read are passed over.
 */
export async function* runsNaming(store: Store, digest: Digest): AsyncGenerator<Lineage> {
  for (const document of await store.listRuns()) {
    const index = document.root && (await store.runIndexes.get(document.id, document.root));
    if (index && !index.mayName(digest)) continue;
    const lineage = await lineageOf(store, document).catch(() => undefined);
    if (!lineage) continue;
    if (document.root && !index) await makeIndex(store, document.id, document.root, lineage);
    yield lineage;
  }
}

/** Makes the index of a run, unless a manifest cannot be read: what it names would be missed for ever. */
const makeIndex = async (store: Store, id: string, root: Digest, lineage: Lineage): Promise<void> => {
  const digests = await digestsIn(lineage, store).catch(() => undefined);
  // The search itself does not need the index.
  if (digests) await store.runIndexes.put(id, root, new Set([root, ...digests])).catch(() => {});
};

/** Every digest that `nameOf` knows of a run: its actions, records, code, artifacts, and the files of whole nodes. */
const digestsIn = async (lineage: Lineage, store: Pick<Store, 'getArtifact'>): Promise<Digest[]> => {
  const own = [...lineage.records.values()].flatMap(({ key, action, source, outputs }) => [
    ...[key, action.code, source.code.digest],
    ...[source.lock, source.uncommitted].flatMap((digest) => digest ?? []),
    ...Object.values(outputs).map(({ digest }) => digest),
  ]);
  const refs = madeNodes(lineage).flatMap(({ record }) => [...Object.values(record.outputs), record.source.code]);
  const artifacts = [...new Map(refs.map((ref) => [ref.digest, ref])).values()];
  const manifests = await mapBounded(artifacts, lanes, (ref) => store.getArtifact(ref));
  const files = manifests.flatMap((manifest) => manifest.files.map(({ digest }) => digest));
  return [...own, ...lineage.digests.values(), ...files];
};
