import type { Digest } from '../../core/digest.ts';
import { CemiflowError } from '../../core/errors.ts';
import { type BundleFacts, bundleTexts } from '../export/bundle.ts';
import { reportPage } from '../export/report.ts';
import type { Finding } from '../findings/finding.ts';
import type { Lineage } from '../lineage.ts';
import type { Reading } from '../reading.ts';
import { firstDifference } from './page.ts';
import type { Ledger } from './result.ts';

/** What a bundle is checked with. */
export interface BundleCheck {
  readonly facts: BundleFacts;
  /** A file of the bundle; undefined where it is not there. */
  readonly read: (path: string) => Promise<string | undefined>;
  /** The key of a blob in the store. */
  readonly keyOf: (digest: Digest) => string;
}

/**
 * Makes every file of a bundle again that is no object, and compares: the crate, descriptions and cards, the report and what the
 * bundle says of itself. Its page is compared elsewhere, number by number.
 */
export const checkBundle = async (
  { facts, read, keyOf }: BundleCheck,
  {
    lineage,
    findings,
    store,
    ledger,
  }: { lineage: Lineage; findings: readonly Finding[]; store: Reading; ledger: Ledger },
): Promise<void> => {
  const what = 'files of the bundle compared';
  try {
    for (const { path, text } of await bundleTexts(lineage, facts, store, { findings, keyOf })) {
      const found = await read(path);
      if (found === undefined) ledger.note(what, { fault: 'missing', where: path, message: 'is not in the bundle' });
      else if (found === text) ledger.note(what);
      else if (path !== reportPage) {
        const message = `line ${firstDifference(found, text)} is not what the records of the run give`;
        ledger.note(what, { fault: 'corrupt', where: path, message });
      }
    }
  } catch (error) {
    if (!(error instanceof CemiflowError) || error.retryable) throw error;
    const message = `cannot be made again: ${error.message}`;
    ledger.note(what, { fault: 'not verifiable', where: 'the bundle', message });
  }
};
