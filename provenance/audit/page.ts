import { CemiflowError } from '../../core/errors.ts';
import type { Lineage } from '../../core/lineage.ts';
import type { Finding } from '../findings/finding.ts';
import { publishedReport, publisherHere } from '../publish/index.ts';
import { findingsIn, type Notice, publisherIn, rootIn, shownIn } from '../publish/page.ts';
import type { Reading } from '../reading.ts';
import type { Ledger } from './result.ts';

/** A page that people have. */
export interface Page {
  readonly path: string;
  /** Of a `report.html`. */
  readonly text: string;
}

/** A page must be the one that its run's records give, byte for byte. @param findings those of today */
export const checkPage = async (
  { path, text: page }: Page,
  lineage: Lineage,
  store: Reading,
  findings: readonly Finding[],
  ledger: Ledger,
): Promise<void> => {
  const what = 'pages compared';
  const root = rootIn(page);
  if (root !== lineage.root?.digest) {
    const message = `${path} names the root ${root ?? '(none)'}, the run has ${lineage.root?.digest ?? '(none)'}`;
    ledger.note(what, { fault: 'corrupt', where: path, message });
    return;
  }
  checkListed(page, path, findings, ledger);
  const given = await publishedReport(lineage, store, findingsIn(page)).catch((error) => {
    // That the report itself is damaged is told where it was rehashed.
    if (!(error instanceof CemiflowError) || error.retryable) throw error;
    const message = `cannot be compared: ${error.message}`;
    ledger.note(what, { fault: 'not verifiable', where: path, message });
  });
  if (given === undefined) return;
  if (page === given) {
    ledger.note(what);
    return;
  }
  const shown = shownIn(page);
  const wanted = shownIn(given);
  const other = [...wanted].filter(([id, text]) => shown.get(id) !== text);
  for (const [id, text] of other)
    ledger.add({
      fault: 'corrupt',
      where: id,
      message: `${path} shows ${shown.get(id) ?? 'nothing'}, the records give ${text}`,
    });
  const publisher = publisherIn(page);
  const line = `line ${firstDifference(page, given)} is not what the records of the run give`;
  if (other.length === 0 && publisher !== undefined && publisher !== (await publisherHere())) {
    const message = `its numbers are the run's, but it was published by other code, ${publisher}: ${line}`;
    ledger.note(what, { fault: 'not verifiable', where: path, message });
  } else ledger.note(what, { fault: 'corrupt', where: path, message: line });
};

/**
 * What the run's own records prove, a page must say. What rests on other records may have come later, or not be here: see
 * `isOwn`.
 */
const checkListed = (page: string, path: string, findings: readonly Finding[], ledger: Ledger): void => {
  const what = 'findings of pages compared';
  const listed = findingsIn(page);
  const known = new Set(findings.map(told));
  const has = new Set(listed.map(told));
  for (const finding of findings.filter(isOwn)) {
    const message = `${path} does not say: ${finding.message}`;
    ledger.note(what, has.has(told(finding)) ? undefined : { fault: 'corrupt', where: path, message });
  }
  for (const notice of listed.filter((each) => !known.has(told(each)))) {
    const message = `${path} says what nothing here proves: ${notice.message}`;
    ledger.note(what, { fault: 'not verifiable', where: path, message });
  }
};

const told = ({ severity, message }: Notice): string => `${severity} ${message}`;

/** Whether the run alone proves it: not other results under its keys, and not that something could not be looked at. */
const isOwn = ({ kind, nodes }: Finding): boolean => kind !== 'not reproducible' && nodes.length > 0;

/** The first line of a text that differs from another's, from 1. */
export const firstDifference = (a: string, b: string): number => {
  const lines = b.split('\n');
  const at = a.split('\n').findIndex((line, i) => line !== lines[i]);
  return at < 0 ? lines.length : at + 1;
};
