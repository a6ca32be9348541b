import { mapBounded } from '../../core/bounded.ts';
import { openRun } from '../../engine/seal.ts';
import { crateFile, crateOf } from '../../provenance/export/crate/index.ts';
import { browsePaths, holdingsOf } from '../../provenance/export/held.ts';
import { licenceOf } from '../../provenance/export/licence.ts';
import { reportTexts } from '../../provenance/export/report.ts';
import { readmeText, workflowTexts } from '../../provenance/export/texts.ts';
import { findingsOf } from '../../provenance/findings/index.ts';
import type { RunDocument, Store } from '../../store/index.ts';
import { rootOf } from '../lineage.ts';
import { writeFolder } from './folder.ts';

/** Whole blobs in memory at a time, of at most 64 MiB each. */
const blobLanes = 4;

/** Writes a run as a Provenance Run Crate, its files under names that people can browse. */
export const exportCrate = async (store: Store, document: RunDocument, target: string): Promise<void> => {
  const lineage = await openRun(store, { type: 'run', digest: rootOf(document) });
  const holdings = await holdingsOf(lineage, store);
  const paths = browsePaths(holdings);
  const workflow = workflowTexts(lineage);
  const licence = await licenceOf(lineage, store);
  const readme = readmeText(lineage, licence, [
    `\`report/\` is the report, \`artifacts/\` what the stages made, \`source/\` their code, \`run/\` the plan and the record of every action. \`${crateFile}\` describes all of it (Provenance Run Crate 0.5).`,
  ]);
  const texts = [readme, ...((await reportTexts(lineage, store, await findingsOf(lineage, store))) ?? [])];
  const crate = crateOf({ lineage, holdings, place: (digest) => paths.get(digest), workflow, texts, licence });
  await writeFolder(target, async (put) => {
    await put(crateFile, crate);
    for (const { path, text } of [...workflow, ...texts]) await put(path, text);
    await mapBounded([...paths], blobLanes, async ([digest, path]) => put(path, await store.getBlob(digest)));
  });
};
