import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type AuditResult, auditRun, checkBundle, type Ledger } from '../provenance/audit/index.ts';
import { bundleFile, objectsFolder, parseFacts } from '../provenance/export/bundle.ts';
import { reportPage } from '../provenance/export/report.ts';
import type { Lineage } from '../provenance/lineage.ts';
import { type ObjectPlace, openStore, type RunDocument, type Store } from '../store/index.ts';
import { usageError } from './exit.ts';
import { blobKey } from './export/bundle.ts';

type Also = (lineage: Lineage, ledger: Ledger) => Promise<void>;

/**
 * Audits a bundle from its own objects: no server is asked for, and none is started.
 *
 * @param replaying pieces to do again, if any
 */
export const auditBundle = async (
  folder: string,
  replaying: (place: ObjectPlace, store: Store) => Also | undefined,
  tell: (what: string) => void,
): Promise<AuditResult> => {
  const read = (path: string): Promise<string | undefined> =>
    readFile(join(folder, ...path.split('/')), 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error;
      return undefined;
    });
  const about = await read(bundleFile);
  if (about === undefined)
    throw usageError(
      `${join(folder, bundleFile)} is not there`,
      'name a folder that "cemiflow export RUN --bundle" wrote',
    );
  const { leftOut, ...facts } = parseFacts(about, join(folder, bundleFile));
  const place = { folder: join(folder, objectsFolder) };
  const store = await openStore(place);
  const { document, flaw } = await documentOf(store, facts.run);
  const page = await read(reportPage);
  const again = replaying(place, store);
  return auditRun(store, {
    root: { type: 'run', digest: facts.root },
    document,
    page: page === undefined ? undefined : { path: reportPage, text: page },
    leftOut: new Set(leftOut),
    tell,
    also: async (lineage, ledger, findings) => {
      if (flaw) ledger.note('links and keys checked', { ...flaw, where: `the document of ${facts.run}` });
      await checkBundle({ facts, read, keyOf: blobKey }, { lineage, findings, store, ledger });
      await again?.(lineage, ledger);
    },
  });
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
