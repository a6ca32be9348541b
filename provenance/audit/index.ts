import type { ArtifactRef } from '../../core/artifact.ts';
import type { Digest } from '../../core/digest.ts';
import type { Lineage } from '../../core/lineage.ts';
import type { Replayed } from '../../engine/replay/job.ts';
import type { RunDocument, Store } from '../../store/index.ts';
import { type Finding, findingsOf } from '../findings/index.ts';
import { checkAdoptions } from './adoption.ts';
import { checkCode } from './code.ts';
import { checkContent, checkLinks, checkRecords } from './links.ts';
import { checkNumbers } from './numbers.ts';
import { openForAudit } from './open.ts';
import { checkPage, type Page } from './page.ts';
import { AuditReader } from './reader.ts';
import { type AuditResult, Ledger } from './result.ts';

export { checkBundle } from './bundle.ts';
export { type AuditResult, exitCodeOf, faultBits, type Ledger, type Problem } from './result.ts';

type AuditStore = Pick<
  Store,
  'getArtifact' | 'getBlob' | 'getRecord' | 'inspectRecord' | 'listRecords' | 'checkpoints'
>;

export interface AuditRequest {
  readonly root: ArtifactRef;
  /** The run's document, where there is a store that holds one. */
  readonly document?: RunDocument;
  readonly page?: Page;
  /** Files that a bundle does without, or did where the run came in one. */
  readonly leftOut?: ReadonlySet<Digest>;
  /** Called once the run is open; throws where it lacks what the caller will ask for. */
  readonly expect?: (lineage: Lineage) => void;
  /** More checks of the opened run, such as replays. */
  readonly also?: (lineage: Lineage, ledger: Ledger, findings: readonly Finding[]) => Promise<void>;
  /** Called before each part of the audit. */
  readonly tell?: (what: string) => void;
}

/**
 * Checks a run from its root to the last byte: rehashes everything that is reachable, checks every link and key, recomputes all
 * numbers that need no GPU, and looks for findings.
 *
 * @throws what says nothing of the run, such as a store that is away
 */
export const auditRun = async (store: AuditStore, request: AuditRequest): Promise<AuditResult> => {
  const { root, document, page, leftOut, expect, also, tell = () => {} } = request;
  const ledger = new Ledger();
  const reader = new AuditReader(store, ledger, leftOut);
  tell('reading the records of the run');
  const lineage = await openForAudit(store, root, document, ledger);
  if (!lineage) return { run: document?.id ?? root.digest, root: root.digest, ...resultOf(ledger), findings: [] };
  expect?.(lineage);
  checkLinks(lineage, ledger);
  tell('rehashing records, manifests and files');
  await checkRecords(lineage, store, ledger);
  await checkContent(lineage, reader);
  tell('computing code digests again');
  await checkCode(lineage, store, reader, ledger);
  await checkAdoptions(lineage, store, ledger);
  tell('computing numbers again');
  await checkNumbers(lineage, store, ledger);
  tell('looking for findings');
  const findings = await findingsOf(lineage, store);
  if (page) await checkPage(page, lineage, store, findings, ledger);
  await also?.(lineage, ledger, findings);
  return { run: lineage.run.id, root: root.digest, ...resultOf(ledger), findings };
};

/** A replay as a check of the audit. */
export const noteReplayed = ({ name: where, verdict, why = '' }: Replayed, ledger: Ledger): void => {
  const fault = { different: 'not reproduced', cannot: 'not verifiable' } as const;
  const bad = verdict === 'different' || verdict === 'cannot';
  ledger.note('pieces replayed', bad ? { fault: fault[verdict], where, message: why } : undefined);
};

const resultOf = ({ checks, problems }: Ledger): Pick<AuditResult, 'checks' | 'problems'> => ({ checks, problems });
