import type { ArtifactManifest } from '../../core/artifact.ts';
import type { Lineage } from '../../core/lineage.ts';
import { publishedReport } from '../publish/index.ts';
import type { Notice } from '../publish/page.ts';
import { withTimes } from '../publish/times.ts';
import type { Reading } from '../reading.ts';
import { reportOf } from '../trace/numbers.ts';
import type { Text } from './crate/data.ts';

export const reportFolder = 'report/';
export const reportPage = `${reportFolder}report.html`;

/**
 * The report as `cemiflow report` writes it: the page with root, findings and chains, times in it and in the Markdown, the numbers as
 * they are. Undefined for
 * a run that has none.
 *
 * @throws CemiflowError the store's, for what is damaged
 */
export const reportTexts = async (
  lineage: Lineage,
  store: Reading,
  findings: readonly Notice[],
): Promise<Text[] | undefined> => {
  const manifest = await manifestOf(lineage, store);
  if (!manifest) return undefined;
  return Promise.all(
    manifest.files.map(async ({ path, digest, mediaType }): Promise<Text> => {
      const text = path.endsWith('.html')
        ? await publishedReport(lineage, store, findings)
        : withTimes((await store.getBlob(digest)).toString('utf8'), lineage);
      return { path: `${reportFolder}${path}`, text, mediaType, name: `The report, ${path}` };
    }),
  );
};

const manifestOf = async (lineage: Lineage, store: Reading): Promise<ArtifactManifest | undefined> => {
  try {
    return await store.getArtifact(reportOf(lineage).report);
  } catch (error) {
    if ((error as { code?: string }).code === 'NotMade') return undefined;
    throw error;
  }
};
