import type { Digest } from '../../core/digest.ts';
import { CemiflowError } from '../../core/errors.ts';
import type { Lineage } from '../../core/lineage.ts';
import { type BundleFacts, bundlerHere, bundleTexts, objectsFolder } from '../export/bundle.ts';
import { crateFile } from '../export/crate/index.ts';
import { reportFolder, reportPage } from '../export/report.ts';
import type { Notice } from '../publish/page.ts';
import { markdownFigures } from '../publish/shown.ts';
import type { Reading } from '../reading.ts';
import { jsonFigures } from './figures.ts';
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
 * Writes every file of a bundle again that is no object, and compares: the crate, descriptions and cards, and what the bundle
 * says of itself. Of the report's files the numbers are compared; those of its page in `checkPage`.
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
    const given = { findings, keyOf };
    const texts = await bundleTexts(lineage, facts, store, given);
    for (const { path, text } of texts) {
      const found = await read(path);
      if (found === undefined) ledger.note(what, { fault: 'missing', where: path, message: 'is not in the bundle' });
      else if (found === text || path === reportPage) ledger.note(what);
      else if (path.startsWith(reportFolder)) ledger.note(what, unlikeNumbers(path, found, text));
      else if (path === crateFile && found === (await crateAround(lineage, facts, store, given, read)))
        ledger.note(what);
      else ledger.note(what, await unlikeText(path, firstLine(found, text), facts.publisher));
    }
    const known = new Set(texts.map(({ path }) => path));
    for (const path of files.filter((each) => !known.has(each) && !each.startsWith(`${objectsFolder}/`)))
      ledger.note(what, {
        fault: 'not verifiable',
        where: path,
        message: 'is no file of the bundle: nothing accounts for it',
      });
  } catch (error) {
    if (!(error instanceof CemiflowError) || error.retryable) throw error;
    const message = `cannot be written again: ${error.message}`;
    ledger.note(what, { fault: 'not verifiable', where: 'the bundle', message });
  }
};

/** The report's Markdown and JSON: other words are no fault, other numbers are. */
const unlikeNumbers = (where: string, found: string, text: string): Problem | undefined => {
  const figures = where.endsWith('.md') ? markdownFigures : jsonFigures;
  try {
    const message = firstDifference(figures(found), figures(text));
    return message === undefined ? undefined : { fault: 'corrupt', where, message };
  } catch (error) {
    if (!(error instanceof CemiflowError)) throw error;
    return { fault: 'corrupt', where, message: error.message };
  }
};

/** The crate as it describes the report's files that the bundle has: their words may differ, and with them their digests. */
const crateAround = async (
  lineage: Lineage,
  facts: BundleFacts,
  store: Reading,
  given: { readonly findings: readonly Notice[]; readonly keyOf: (digest: Digest) => string },
  read: BundleCheck['read'],
): Promise<string | undefined> => {
  const asFound = (path: string) => (path.startsWith(reportFolder) ? read(path) : Promise.resolve(undefined));
  const texts = await bundleTexts(lineage, facts, store, { ...given, asFound });
  return texts.find(({ path }) => path === crateFile)?.text;
};

/** The first line of a text that differs from another's, from 1. */
const firstLine = (a: string, b: string): number => {
  const lines = b.split('\n');
  const at = a.split('\n').findIndex((line, i) => line !== lines[i]);
  return at < 0 ? lines.length : at + 1;
};

/** A file that would be written otherwise here counts against the bundle only if the same code wrote it. */
const unlikeText = async (where: string, line: number, publisher: Digest): Promise<Problem> => {
  const message = `line ${line} is not what the records of the run give`;
  if (publisher === (await bundlerHere())) return { fault: 'corrupt', where, message };
  const other = `${message} here: the bundle was written by other code, ${publisher}`;
  return { fault: 'not verifiable', where, message: other };
};
