import type { Digest } from '../../core/digest.ts';
import type { Lineage } from '../../core/lineage.ts';
import { moduleDigest } from '../../spec/code-digest.ts';
import type { Reading } from '../reading.ts';
import { numbersOf, reportOf, textOf } from '../trace/numbers.ts';
import { type Notice, publishPage } from './page.ts';

/**
 * The page of the run's report as people get it.
 *
 * @param findings listed on the page: see `provenance/findings`
 * @throws CemiflowError `NotMade`, `ReportInvalid`, and the store's for what is damaged
 */
export const publishedReport = async (
  lineage: Lineage,
  store: Reading,
  findings: readonly Notice[],
): Promise<string> => {
  const page = await textOf(store, reportOf(lineage).report, 'report.html');
  return publishPage(page, lineage, await numbersOf(lineage, store), findings, await publisherHere());
};

let publisher: Promise<Digest> | undefined;

/** Digest of the code in this checkout that publishes pages. */
export const publisherHere = (): Promise<Digest> => {
  publisher ??= moduleDigest('provenance/publish/page.ts');
  return publisher;
};
