import { join } from 'node:path';
import { openRun } from '../../engine/seal.ts';
import {
  type BundleFacts,
  bundleFormat,
  bundlerHere,
  bundleTexts,
  leftOutFiles,
  objectsFolder,
} from '../../provenance/export/bundle.ts';
import { holdingsOf } from '../../provenance/export/held.ts';
import { copyRun } from '../../provenance/export/objects.ts';
import { findingsOf } from '../../provenance/findings/index.ts';
import { contentKey } from '../../store/blobs.ts';
import { openStore, type RunDocument, type Store } from '../../store/index.ts';
import { rootOf } from '../lineage.ts';
import { writeFolder } from './folder.ts';

/**
 * Writes a run with everything that its audit needs. Objects go first, and all else but the findings is made from these copies
 * alone: what an audit of the bundle makes again.
 *
 * @param without types of artifacts whose files are left out
 * @param keep nodes whose files go with it all the same
 */
export const exportBundle = async (
  store: Store,
  document: RunDocument,
  { without, keep }: Pick<BundleFacts, 'without' | 'keep'>,
  target: string,
): Promise<void> => {
  const root = rootOf(document);
  const lineage = await openRun(store, { type: 'run', digest: root });
  const holdings = await holdingsOf(lineage, store);
  const leftOut = new Set(leftOutFiles(lineage, holdings, { without, keep }).map(({ digest }) => digest));
  await writeFolder(target, async (put, folder) => {
    const copy = await openStore({ folder: join(folder, objectsFolder) });
    await copyRun({ lineage, holdings, document }, leftOut, store, copy);
    const chosen = { without, ...(keep?.length && { keep }) };
    const facts = { format: bundleFormat, run: document.id, root, ...chosen, publisher: await bundlerHere() };
    // By all that there is: what is left out must hide no finding from those who read the page.
    const findings = await findingsOf(lineage, store);
    for (const { path, text } of await bundleTexts(lineage, facts, copy, { findings, keyOf: blobKey }))
      await put(path, text);
  });
};

export const blobKey = (digest: Parameters<typeof contentKey>[1]): string => contentKey('blobs', digest);
