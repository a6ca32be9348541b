import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import type { CemiflowError } from '../core/errors.ts';
import type { Lineage } from '../core/lineage.ts';
import { type AuditResult, auditRun, checkBundle, type Ledger } from '../provenance/audit/index.ts';
import { bundleFile, objectsFolder, parseFacts } from '../provenance/export/bundle.ts';
import { reportPage } from '../provenance/export/report.ts';
import { findingsIn } from '../provenance/publish/page.ts';
import { type ObjectPlace, openStore, type RunDocument, type Store } from '../store/index.ts';
import { Marks } from '../store/marks.ts';
import { runKey } from '../store/runs.ts';
import { blobKey } from './export/bundle.ts';
import { usageError } from './usage-error.ts';

type Also = (lineage: Lineage, ledger: Ledger) => Promise<void>;

interface BundleAudit {
  /** The replays that were asked for, if any. */
  readonly again: (place: ObjectPlace, store: Store) => Also | undefined;
  /** Throws where the run lacks what is to be replayed. */
  readonly expect: (lineage: Lineage) => void;
  readonly tell: (what: string) => void;
}

/** Audits a bundle from its own objects; needs no server. */
export const auditBundle = async (folder: string, { again, expect, tell }: BundleAudit): Promise<AuditResult> => {
  const read = (path: string): Promise<string | undefined> => readText(folder, path);
  const { place, store, leftOut, ...facts } = await openBundle(folder);
  const { document, flaw } = await documentOf(store, facts.run);
  const page = await read(reportPage);
  const replaying = again(place, store);
  return auditRun(store, {
    root: { type: 'run', digest: facts.root },
    document,
    page: page === undefined ? undefined : { path: reportPage, text: page },
    leftOut: new Set(leftOut),
    expect,
    tell,
    also: async (lineage, ledger, proven) => {
      if (flaw) ledger.note('links and keys checked', { ...flaw, where: `the document of ${facts.run}` });
      const findings = page === undefined ? proven : findingsIn(page);
      const files = await filesOf(folder);
      await checkBundle({ facts, files, read, keyOf: blobKey }, { lineage, findings, store, ledger });
      if (document) await checkObjects(store, document, files, ledger);
      await replaying?.(lineage, ledger);
    },
  });
};

/** A bundle's own store, and what the bundle says of itself. @throws CemiflowError `Usage`, `BundleInvalid`, `BundleFormat` */
export const openBundle = async (folder: string) => {
  const about = await readText(folder, bundleFile);
  if (about === undefined)
    throw usageError(
      `${join(folder, bundleFile)} is not there`,
      'name a folder that "cemiflow export RUN --bundle" wrote',
    );
  const place = { folder: join(folder, objectsFolder) };
  return { ...parseFacts(about, join(folder, bundleFile)), place, store: await openStore(place) };
};

/** @returns undefined where there is no such file */
const readText = (folder: string, path: string): Promise<string | undefined> =>
  readFile(join(folder, ...path.split('/')), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error;
    return undefined;
  });

/** Paths of all files of a bundle. */
const filesOf = async (folder: string): Promise<string[]> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();
};

/** Notes the objects of a bundle that nothing of the run names. */
const checkObjects = async (
  store: Store,
  document: RunDocument,
  files: readonly string[],
  ledger: Ledger,
): Promise<void> => {
  const marks = new Marks(store);
  try {
    await marks.run(document);
  } catch (error) {
    // Damage was noted where the object was rehashed.
    if ((error as CemiflowError).code === 'MarksIncomplete') return;
    throw error;
  }
  const isOwn = (key: string): boolean => marks.has(key) || key === runKey(document.id);
  const objects = files.filter((path) => path.startsWith(`${objectsFolder}/`));
  for (const where of objects.filter((path) => !isOwn(path.slice(objectsFolder.length + 1)))) {
    const message = 'is no object of the run: nothing names it';
    ledger.note('files of the bundle compared', { fault: 'not verifiable', where, message });
  }
};

/** The run's document, or what is wrong with it. */
const documentOf = async (
  store: Store,
  id: string,
): Promise<{ document?: RunDocument; flaw?: { fault: 'corrupt' | 'missing'; message: string } }> => {
  try {
    const document = await store.getRun(id);
    return document ? { document } : { flaw: { fault: 'missing', message: 'is not in the bundle' } };
  } catch (error) {
    if ((error as { code?: string }).code !== 'RunCorrupt') throw error;
    return { flaw: { fault: 'corrupt', message: (error as Error).message } };
  }
};
