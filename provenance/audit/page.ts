import { CemiflowError } from '../../core/errors.ts';
import type { Lineage } from '../../core/lineage.ts';
import type { Finding } from '../findings/finding.ts';
import { publishedReport } from '../publish/index.ts';
import { findingsIn, type Notice, rootIn, shownIn } from '../publish/page.ts';
import { cardsIn, figuresIn } from '../publish/shown.ts';
import type { Reading } from '../reading.ts';
import type { Ledger } from './result.ts';

/** A page that people have. */
export interface Page {
  readonly path: string;
  /** Of a `report.html`. */
  readonly text: string;
}

/**
 * A page must show the run's root, its findings and its numbers. Words and style may differ: they change with the code that
 * publishes pages.
 *
 * @param findings those of today
 */
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
    // A damaged report is reported where it was rehashed.
    if (!(error instanceof CemiflowError) || error.retryable) throw error;
    const message = `cannot be compared: ${error.message}`;
    ledger.note(what, { fault: 'not verifiable', where: path, message });
  });
  if (given === undefined) return;
  const differing = differingNumbers(page, given);
  for (const { id, shown, wanted } of differing)
    ledger.add({ fault: 'corrupt', where: id, message: `${path} shows ${shown}, the records give ${wanted}` });
  const [first] = differing;
  const message = first
    ? `${first.id} is not what the records of the run give`
    : firstDifference(figuresIn(page), figuresIn(given));
  ledger.note(what, message === undefined ? undefined : { fault: 'corrupt', where: path, message });
};

/** Numbers that two pages show differently, in cells or on cards. */
const differingNumbers = (page: string, given: string): { id: string; shown: string; wanted: string }[] => {
  const [shown, wanted] = [shownIn(page), shownIn(given)];
  const cells = [...new Set([...wanted.keys(), ...shown.keys()])].flatMap((id) =>
    shown.get(id) === wanted.get(id)
      ? []
      : [{ id, shown: shown.get(id) ?? 'nothing', wanted: wanted.get(id) ?? 'nothing' }],
  );
  const cards = [...cardsIn(page)].flatMap(([id, text]) =>
    text === wanted.get(id) || cells.some((cell) => cell.id === id)
      ? []
      : [{ id, shown: `${text} on the card`, wanted: wanted.get(id) ?? 'nothing' }],
  );
  return [...cells, ...cards];
};

/** Where two lists of figures part, in words; undefined where they are equal. */
export const firstDifference = (found: readonly string[], wanted: readonly string[]): string | undefined => {
  const at = Array.from({ length: Math.max(found.length, wanted.length) }, (_, i) => i).find(
    (i) => found[i] !== wanted[i],
  );
  if (at === undefined) return undefined;
  const shorten = (text = 'nothing'): string => (text.length > 60 ? `${text.slice(0, 60)}…` : text);
  return `it shows ${shorten(found[at])} where the records of the run give ${shorten(wanted[at])}`;
};

/**
 * What the run's own records prove, a page must say. What rests on other records may have come later, or not be here: see
 * `isOwn`.
 */
const checkListed = (page: string, path: string, findings: readonly Finding[], ledger: Ledger): void => {
  const what = 'findings of pages compared';
  const listed = findingsIn(page);
  for (const finding of findings.filter(isOwn)) {
    const message = `${path} does not say: ${finding.message}`;
    const isSaid = listed.some((each) => isSame(each, finding));
    ledger.note(what, isSaid ? undefined : { fault: 'corrupt', where: path, message });
  }
  for (const notice of listed.filter((each) => !findings.some((finding) => isSame(each, finding)))) {
    const message = `${path} says what nothing here proves: ${notice.message}`;
    ledger.note(what, { fault: 'not verifiable', where: path, message });
  }
};

/** Two findings are the same if they are of one kind, about the same nodes, and state the same numbers: words may change. */
const isSame = (said: Notice, finding: Notice): boolean => {
  if (said.severity !== finding.severity) return false;
  if (said.kind === undefined) return said.message === finding.message;
  const numbers = ({ message }: Notice): string => String(message.match(/\d+(?:[.,]\d+)*/g) ?? '');
  return (
    said.kind === finding.kind && String(said.nodes) === String(finding.nodes) && numbers(said) === numbers(finding)
  );
};

/** Whether the run alone proves it: not other results under its keys, and not that something could not be looked at. */
const isOwn = ({ kind, nodes }: Finding): boolean => kind !== 'not reproducible' && nodes.length > 0;
