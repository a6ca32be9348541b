import { readActionRecord, readRunRecord, runCodec } from '../artifacts/codecs/run.ts';
import type { ActionKey, ActionRecord } from '../core/action.ts';
import type { ArtifactRef, FileEntry } from '../core/artifact.ts';
import { lanes, mapBounded } from '../core/bounded.ts';
import { canonicalJson } from '../core/canonical.ts';
import { type Digest, digestOf } from '../core/digest.ts';
import { CemiflowError, type JsonObject } from '../core/errors.ts';
import type { Lineage } from '../core/lineage.ts';
import { type RunNode, type RunRecord, recordFile, runFile } from '../core/run-record.ts';
import type { RunDocument, Store } from '../store/index.ts';

type RecordReader = Pick<Store, 'getRecord'>;
type Sealer = RecordReader & Pick<Store, 'putFile' | 'putArtifact'>;
type Opener = Pick<Store, 'getArtifact' | 'getBlob'>;

/** What a run was, as far as it has come: from its document and what became of its nodes. */
export const runRecord = (
  { id, plan, spec, startedAt, estimates }: Pick<RunDocument, 'id' | 'plan' | 'spec' | 'startedAt' | 'estimates'>,
  nodes: RunRecord['nodes'],
): RunRecord => ({
  ...{ id, experiment: plan.experiment, plan, spec, startedAt, nodes },
  ...(estimates && { estimates }),
});

/** The run with the records that count now; those that are gone are left out. */
export const gatherRun = async (store: RecordReader, run: RunRecord): Promise<Lineage> => {
  const records = new Map<ActionKey, ActionRecord>();
  const read = async (keys: readonly ActionKey[]): Promise<void> => {
    const found = await mapBounded(
      keys.filter((key) => !records.has(key)),
      lanes,
      (key) => store.getRecord(key),
    );
    for (const record of found) if (record) records.set(record.key, record);
  };
  await read(Object.values(run.nodes).flatMap(keyOf));
  await read([...records.values()].flatMap(({ parts = [] }) => parts));
  return { run, records, digests: new Map([...records].map(([key, record]) => [key, recordDigest(record)])) };
};

/**
 * Keeps what the run was, and all records behind it, as one artifact of type `run`. The same run with the same records gives
 * the same digest.
 *
 * @throws CemiflowError `RecordMissing` where a record of a node or shard cannot be had
 */
export const sealRun = async (store: Sealer, run: RunRecord): Promise<ArtifactRef> => {
  const { records } = await gatherRun(store, run);
  const wanted = [
    ...Object.values(run.nodes).flatMap(keyOf),
    ...[...records.values()].flatMap(({ parts = [] }) => parts),
  ];
  const missing = wanted.find((key) => !records.has(key));
  if (missing !== undefined)
    throw new CemiflowError('RecordMissing', `the record of action ${missing} cannot be had`, {
      remedy: 'run the experiment again: the action will be redone',
      data: { run: run.id, key: missing },
    });
  const put = (path: string, value: object): Promise<FileEntry> =>
    store.putFile(path, Buffer.from(canonicalJson(value as JsonObject)), 'application/json');
  const files = await mapBounded([...records], lanes, ([key, record]) => put(recordFile(key), record));
  const meta = { id: run.id, experiment: run.experiment };
  return runCodec.write(store, meta, [await put(runFile, run), ...files]);
};

/**
 * Seals a run, and writes its root into its document: from then on it is safe from `gc`.
 *
 * @throws CemiflowError `RecordMissing` as `sealRun`
 */
export const keepRun = async (
  store: Sealer & Pick<Store, 'putRun' | 'sweeps'>,
  document: RunDocument,
  nodes: RunRecord['nodes'],
): Promise<RunDocument> => {
  while (true) {
    const since = await store.sweeps.settled();
    const { digest: root } = await sealRun(store, runRecord(document, nodes));
    const kept = { ...document, root, nodes };
    await store.putRun(kept);
    // A sweep that saw no root yet may have taken something that was there before and was relied on.
    if (await store.sweeps.unswept(since)) return kept;
  }
};

/**
 * @param ref artifact of type `run`
 * @throws CemiflowError `ArtifactMissing`, `ArtifactCorrupt`, `ArtifactInvalid`, `BlobMissing`, `BlobCorrupt`, `RunInvalid`
 */
export const openRun = async (store: Opener, ref: ArtifactRef): Promise<Lineage> => {
  const { files } = await store.getArtifact(ref);
  const entry = files.find(({ path }) => path === runFile);
  if (!entry)
    throw new CemiflowError('RunInvalid', `${ref.digest} has no ${runFile}`, {
      remedy: 'name the root of a run, as its report prints it',
      data: { digest: ref.digest },
    });
  const sealed = { ref, files };
  const run = await readRunRecord(store, sealed);
  const read = await mapBounded(
    files.filter((file) => file !== entry),
    lanes,
    async ({ path, digest }) => [digest, await readActionRecord(store, sealed, path)] as const,
  );
  return {
    root: ref,
    run,
    records: new Map(read.map(([, record]) => [record.key, record])),
    digests: new Map(read.map(([digest, record]) => [record.key, digest])),
  };
};

/** Digest of a record's canonical JSON. */
export const recordDigest = (record: ActionRecord): Digest => digestOf(canonicalJson(record as unknown as JsonObject));

const keyOf = (node: RunNode): ActionKey[] => ('key' in node ? [node.key] : []);
