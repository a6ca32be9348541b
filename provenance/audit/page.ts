import { CemiflowError } from '../../core/errors.ts';
import type { Finding } from '../findings/finding.ts';
import type { Lineage } from '../lineage.ts';
import { publishedReport } from '../publish/index.ts';
import { rootIn, shownIn } from '../publish/page.ts';
import type { Reading } from '../reading.ts';
import type { Ledger } from './result.ts';

/**
 * A page that people have must be the one that its run's records give, byte for byte.
 *
 * @param page text of a `report.html`
 * @param path for problems
 */
export const checkPage = async (
  page: string,
  path: string,
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
  const given = await publishedReport(lineage, store, findings).catch((error) => {
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
  for (const [id, text] of wanted)
    if (shown.get(id) !== text)
      ledger.add({
        fault: 'corrupt',
        where: id,
        message: `${path} shows ${shown.get(id) ?? 'nothing'}, the records give ${text}`,
      });
  const line = firstDifference(page, given);
  ledger.note(what, { fault: 'corrupt', where: path, message: `line ${line} is not what the records of the run give` });
};

/** The first line of a text that differs from another's, from 1. */
export const firstDifference = (a: string, b: string): number => {
  const lines = b.split('\n');
  const at = a.split('\n').findIndex((line, i) => line !== lines[i]);
  return at < 0 ? lines.length : at + 1;
};
