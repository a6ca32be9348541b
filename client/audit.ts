import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Digest, isDigest } from '../core/digest.ts';
import type { Lineage } from '../core/lineage.ts';
import { chooseJobs, namedJobs } from '../engine/replay/choose.ts';
import { replay } from '../engine/replay/client.ts';
import { knownFolders } from '../engine/replay/places.ts';
import { type AuditResult, auditRun, type Ledger, noteReplayed } from '../provenance/audit/index.ts';
import { rootIn } from '../provenance/publish/page.ts';
import type { ObjectPlace, Store } from '../store/index.ts';
import { auditBundle } from './audit-bundle.ts';
import type { Caller } from './caller.ts';
import { connectPlace } from './connect.ts';
import { rootOf } from './lineage.ts';
import { findRun } from './runs.ts';
import { usageError } from './usage-error.ts';

/** What is audited: a run or its root, the run that a page names and the page itself, or a bundle. */
export type AuditSubject = { readonly run: string } | { readonly page: string } | { readonly bundle: string };

export interface AuditRequest {
  readonly of: AuditSubject;
  /** What is replayed: a number of random pieces, or the name of a node or shard. */
  readonly replay?: number | string;
  /** Chooses the random pieces. */
  readonly seed: number;
}

/** Rehashes everything behind a run, checks every link, and computes its numbers again. @throws CemiflowError */
export const audit = async (request: AuditRequest, caller: Caller): Promise<AuditResult> => {
  const { of, replay: wanted } = request;
  const tell = (what: string): void => caller.on({ kind: 'step', what });
  const expect = (lineage: Lineage): void => {
    if (typeof wanted === 'string') namedJobs(lineage, wanted);
  };
  const again = (place: ObjectPlace, store: Store) =>
    wanted === undefined ? undefined : replaying(wanted, request.seed, { store, place }, caller);
  if ('bundle' in of) return auditBundle(resolve(caller.cwd, of.bundle), { again, expect, tell });
  const page = 'page' in of ? await readPage(resolve(caller.cwd, of.page)) : undefined;
  const { store, place } = await connectPlace(caller);
  const document = 'run' in of && !isDigest(of.run) ? await findRun(store, of.run) : undefined;
  // The root of a pinned run stays after its document was removed.
  const digest = document ? rootOf(document) : (page?.root ?? (of as { run: Digest }).run);
  const root = { type: 'run', digest } as const;
  const leftOut = await store.leftOut.all();
  return auditRun(store, { root, document, page, leftOut, expect, also: again(place, store), tell });
};

/** @param wanted how many random pieces, or the name of a node or shard */
const replaying =
  (wanted: number | string, seed: number, { store, place }: { store: Store; place: ObjectPlace }, caller: Caller) =>
  async (lineage: Lineage, ledger: Ledger): Promise<void> => {
    const { env, signal, on } = caller;
    const isRandom = typeof wanted === 'number';
    const jobs = isRandom ? await chooseJobs(lineage, store.checkpoints, wanted, seed) : namedJobs(lineage, wanted);
    if (isRandom) on({ kind: 'replaying', jobs: jobs.length, seed });
    const folders = await knownFolders(store, caller.cwd);
    for await (const replayed of replay(jobs, { store: place, mode: 'check', folders, env, signal })) {
      on({ kind: 'replayed', replayed });
      noteReplayed(replayed, ledger);
    }
  };

/** @throws CemiflowError `Usage` where it is no page of a run */
const readPage = async (path: string): Promise<{ path: string; text: string; root: Digest }> => {
  const text = await readFile(path, 'utf8').catch((error) => {
    throw usageError(`${path} cannot be read: ${error.message}`, 'name a report.html');
  });
  const root = rootIn(text);
  if (root) return { path, text, root };
  throw usageError(`${path} names no root of a run`, '"cemiflow report RUN" writes a page that does');
};
