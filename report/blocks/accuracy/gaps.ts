import { CemiflowError } from '../../../core/errors.ts';
import type { AccuracyRow } from './row.ts';

/** A row before the gap to the reference is known. */
export type MeasuredRow = Omit<AccuracyRow, 'gapToReal'>;

/** GtR of each row: the reference's average minus its own. At most one row may be the reference. */
export const withGaps = (rows: readonly MeasuredRow[]): AccuracyRow[] => {
  const references = rows.filter((row) => row.reference);
  if (references.length > 1) {
    throw new CemiflowError(
      'ReportInputInvalid',
      `one row of the accuracy table may be the reference, got ${references.length}: ${references.map((r) => r.label).join('; ')}`,
      { remedy: 'keep reference: true on the row that GtR is counted from', data: { references: references.length } },
    );
  }
  const [reference] = references;
  return rows.map((row) =>
    reference === undefined || row.reference ? row : { ...row, gapToReal: reference.average - row.average },
  );
};
