import { CemiflowError } from '../../../core/errors.ts';
import type { AccuracyRow } from './row.ts';

/** A row before the gaps to the references are known. */
export type MeasuredRow = Omit<AccuracyRow, 'gapsToReal'>;

/** Each reference is a column: more of them would crowd the table. */
const mostReferences = 4;

/** GtR of each row from each reference, such as the whole real set and one of equal volume, in the order of their rows. */
export const withGaps = (rows: readonly MeasuredRow[]): AccuracyRow[] => {
  const references = rows.filter((row) => row.reference);
  if (references.length > mostReferences) {
    throw new CemiflowError(
      'ReportInputInvalid',
      `at most ${mostReferences} rows of the accuracy table may be references, got ${references.length}: ${references.map((r) => r.label).join('; ')}`,
      { remedy: 'keep reference: true on the rows that GtR is counted from', data: { references: references.length } },
    );
  }
  return rows.map((row) => ({
    ...row,
    gapsToReal: references.map(({ label, average }) => ({ from: label, gap: average - row.average })),
  }));
};
