import type { Digest } from '../../core/digest.ts';
import { CemiflowError } from '../../core/errors.ts';
import type { Lineage } from '../../core/lineage.ts';
import { type BundleFacts, bundlerHere, bundleTexts, objectsFolder } from '../export/bundle.ts';
import { reportPage } from '../export/report.ts';
import type { Notice } from '../publish/page.ts';
import type { Reading } from '../reading.ts';
import { firstDifference } from './page.ts';
import type { Ledger, Problem } from './result.ts';

/** What a bundle is checked with. */
export interface BundleCheck {
  readonly facts: BundleFacts;
  /** Paths of all its files. */
  readonly files: readonly string[];
  /** A file of the bundle; undefined where it is not there. */
  readonly read: (path: string) => Promise<string | undefined>;
  /** The key of a blob in the store. */
  readonly keyOf: (digest: Digest) => string;
}

/**
 * Makes every file of a bundle again that is no object, and compares: the crate, descriptions and cards, the report and what the
 * bundle says of itself. Its page is compared elsewhere, number by number.
 *
 * @param findings that the page lists
 */
export const checkBundle = async (
  { facts, files, read, keyOf }: BundleCheck,
  {
    lineage,
    findings,
    store,
    ledger,
  }: { lineage: Lineage; findings: readonly Notice[]; store: Reading; ledger: Ledger },
): Promise<void> => {
  const what = 'files of the bundle compared';
  try {
    const texts = await bundleTexts(lineage, facts, store, { findings, keyOf });
    for (const { path, text } of texts) {
      const found = await read(path);
      if (found === undefined) ledger.note(what, { fault: 'missing', where: path, message: 'is not in the bundle' });
      else if (found === text) ledger.note(what);
      else if (path !== reportPage)
        ledger.note(what, await unlikeText(path, firstDifference(found, text), facts.publisher));
    }
    const known = new Set(texts.map(({ path }) => path));
    for (const path of files.filter((each) => !known.has(each) && !each.startsWith(`${objectsFolder}/`)))
      ledger.note(what, {
        fault: 'not verifiable',
        where: path,
        message: 'is no file of the bundle: nothing stands for it',
      });
  } catch (error) {
    if (!(error instanceof CemiflowError) || error.retryable) throw error;
    const message = `cannot be made again: ${error.message}`;
    ledger.note(what, { fault: 'not verifiable', where: 'the bundle', message });
  }
};

/** What a file says otherwise than it would be written here counts against the bundle only where the code that wrote it is here. */
const unlikeText = async (where: string, line: number, publisher: Digest): Promise<Problem> => {
  const message = `line ${line} is not what the records of the run give`;
  if (publisher === (await bundlerHere())) return { fault: 'corrupt', where, message };
  const other = `${message} here: the bundle was written by other code, ${publisher}`;
  return { fault: 'not verifiable', where, message: other };
};
