import type { Opened } from '../../artifacts/codec.ts';
import { readActionRecord, readRunRecord } from '../../artifacts/codecs/run.ts';
import { type ActionKey, type ActionRecord, actionKey } from '../../core/action.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { lanes, mapBounded } from '../../core/bounded.ts';
import { canonicalJson } from '../../core/canonical.ts';
import { type Digest, hexOf, shortDigest } from '../../core/digest.ts';
import type { JsonObject } from '../../core/errors.ts';
import type { Lineage } from '../../core/lineage.ts';
import { planDigest } from '../../core/plan.ts';
import { type RunRecord, recordFile, runFile } from '../../core/run-record.ts';
import { recordDigest } from '../../engine/seal.ts';
import type { RunDocument, Store } from '../../store/index.ts';
import { faultOf } from './reader.ts';
import type { Ledger } from './result.ts';

type Opening = Pick<Store, 'getArtifact' | 'getBlob' | 'getRecord'>;

/**
 * Reads a sealed run as far as it can be read: a damaged record is taken from its other copy, so that one flaw does not hide
 * the rest.
 *
 * @param document the run's document, where there is a store that holds one
 */
export const openForAudit = async (
  store: Opening,
  root: ArtifactRef,
  document: RunDocument | undefined,
  ledger: Ledger,
): Promise<Lineage | undefined> => {
  const manifest = await store.getArtifact(root).catch((error) => {
    ledger.note('manifests rehashed', { fault: faultOf(error), where: 'the root of the run', message: error.message });
  });
  const sealed = { ref: root, files: manifest?.files ?? [] };
  const run = (manifest && (await readRun(store, sealed, ledger))) ?? (await ofDocument(document));
  if (!run) return undefined;
  checkRun(run, document, ledger);
  const entries = sealed.files.filter(({ path }) => path !== runFile);
  const read = await mapBounded(entries, lanes, async ({ path, digest }) => ({
    path,
    digest,
    record: await readRecord(store, sealed, { path, digest }, ledger),
  }));
  const records = new Map<ActionKey, ActionRecord>();
  const digests = new Map<ActionKey, Digest>();
  for (const { digest, record } of read)
    if (record) {
      records.set(record.key, record);
      digests.set(record.key, digest);
    }
  return { root, run, records, digests };
};

const readRun = (store: Opening, sealed: Opened, ledger: Ledger): Promise<RunRecord | undefined> =>
  readRunRecord(store, sealed).catch((error) => {
    ledger.note('files rehashed', { fault: faultOf(error), where: `${runFile} of the run`, message: error.message });
    return undefined;
  });

/** Replaces an unreadable root: the plan from the run's document, with no node made. */
const ofDocument = async (document: RunDocument | undefined): Promise<RunRecord | undefined> =>
  document && {
    id: document.id,
    experiment: document.plan.experiment,
    plan: document.plan,
    spec: document.spec,
    startedAt: document.startedAt,
    nodes: {},
  };

/** The run's id follows from its plan; its document says the same as its record. */
const checkRun = (run: RunRecord, document: RunDocument | undefined, ledger: Ledger): void => {
  const digest = hexOf(planDigest(run.plan)).slice(0, 12);
  const fits = run.id === `${run.experiment}-${digest}` && run.experiment === run.plan.experiment;
  const what = 'links and keys checked';
  const where = `the run ${run.id}`;
  ledger.note(what, fits ? undefined : { fault: 'corrupt', where, message: `its plan has the digest ${digest}` });
  if (!document) return;
  for (const name of ['plan', 'spec'] as const) {
    const same =
      canonicalJson(document[name] as unknown as JsonObject) === canonicalJson(run[name] as unknown as JsonObject);
    const message = `the ${name} in its document is not the one that it was sealed with`;
    ledger.note(what, same ? undefined : { fault: 'corrupt', where, message });
  }
};

/** The sealed record, or the copy stored under its action. */
const readRecord = async (
  store: Opening,
  sealed: Opened,
  { path, digest }: { readonly path: string; readonly digest: Digest },
  ledger: Ledger,
): Promise<ActionRecord | undefined> => {
  const where = `record ${path} of the run`;
  const record = await readActionRecord(store, sealed, path).catch((error) => {
    ledger.note('files rehashed', { fault: faultOf(error), where, message: error.message });
  });
  if (!record) {
    const copy = await store.getRecord(`sha256:${path.slice('records/'.length, -'.json'.length)}`);
    return copy && recordDigest(copy) === digest ? copy : undefined;
  }
  ledger.note('files rehashed');
  const own = actionKey(record.action);
  const fits = own === record.key && path === recordFile(own);
  const message = `its action has the key ${shortDigest(own)}, it names ${shortDigest(record.key)}`;
  ledger.note('links and keys checked', fits ? undefined : { fault: 'corrupt', where, message });
  return record;
};
