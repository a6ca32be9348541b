import type { ActionKey, ActionRecord } from '../../core/action.ts';
import type { ArtifactManifest } from '../../core/artifact.ts';
import { lanes, mapBounded } from '../../core/bounded.ts';
import type { Digest } from '../../core/digest.ts';
import { CemiflowError } from '../../core/errors.ts';
import type { Lineage } from '../../core/lineage.ts';
import { recordDigest } from '../../engine/seal.ts';
import type { RunDocument, Store } from '../../store/index.ts';
import type { Holdings } from './held.ts';

/** Whole blobs in memory at a time, of at most 64 MiB each. */
const blobLanes = 4;

type Source = Pick<Store, 'getArtifact' | 'getBlob' | 'getRecord' | 'listRecords'>;
type Target = Pick<Store, 'putFile' | 'putArtifact' | 'putRecord' | 'restoreRecord' | 'putRun'>;

/**
 * Copies what the audit of a run needs into another store: files, manifests, all records of its actions, and its document. Every
 * read is rehashed, so that nothing damaged is handed on. Checkpoints are no results, and stay.
 *
 * @throws CemiflowError `BundleIncomplete`, and the store's for what is damaged or missing
 */
export const copyRun = async (
  {
    lineage,
    holdings,
    document,
  }: { readonly lineage: Lineage; readonly holdings: Holdings; readonly document: RunDocument },
  leftOut: ReadonlySet<Digest>,
  from: Source,
  to: Target,
): Promise<void> => {
  const files = [...holdings.artifacts.flatMap(({ manifest }) => manifest.files), ...holdings.loose];
  const wanted = [...new Map(files.map((file) => [file.digest, file])).values()].filter(
    ({ digest }) => !leftOut.has(digest),
  );
  await mapBounded(wanted, blobLanes, async ({ path, digest, mediaType }) => {
    const bytes = await from.getBlob(digest);
    await to.putFile(path, bytes, mediaType);
  });
  await mapBounded(holdings.artifacts, lanes, async ({ ref, manifest }) => {
    const { digest } = await to.putArtifact(manifest as ArtifactManifest);
    if (digest !== ref.digest) throw incomplete(`manifest ${ref.digest} is not in the form that its digest says`);
  });
  await mapBounded([...lineage.records.keys()], lanes, (key) => copyRecords(key, lineage, from, to));
  await to.putRun(forOthers(document));
};

/** A run's document without what is this machine's alone: where things are, and what was reported while it ran. */
const forOthers = ({ places: _, progress: __, ...document }: RunDocument): RunDocument => document;

/** The record that counts, the one that the run was sealed with, and any other: findings compare them. */
const copyRecords = async (key: ActionKey, lineage: Lineage, from: Source, to: Target): Promise<void> => {
  const counts = await from.getRecord(key);
  const sealed = lineage.records.get(key) as ActionRecord;
  await to.putRecord(counts ?? sealed);
  for (const record of [sealed, ...(await from.listRecords(key))]) await to.restoreRecord(record, recordDigest(record));
};

const incomplete = (message: string): CemiflowError =>
  new CemiflowError('BundleIncomplete', message, { remedy: 'cemiflow fsck says what is damaged' });
