import type { Block, KeyFigure } from '../../block.ts';
import { percent } from '../../format.ts';
import { type AccuracyParams, readAccuracy } from './read.ts';
import type { AccuracyRow } from './row.ts';
import { accuracyTable, averageAt, readAt } from './table.ts';
import { withRuns } from './verification.ts';

/** The section that the accuracy table and the curve share. */
export const accuracySection = { id: 'accuracy-section', title: 'Verification accuracy' };

/** Verification accuracy of recognizers, by what they were trained on, and the gap to real data. */
export const block: Block<AccuracyParams, AccuracyRow[]> = {
  order: 20,
  read: (params, reader) => readAccuracy(params, reader),
  draw: (rows, { note }) => ({
    section: accuracySection,
    parts: [{ table: accuracyTable(rows, note) }],
    keyFigures: keyFigures(rows),
  }),
  numbers: (rows) => rows.map(withRuns),
};

const keyFigures = (rows: readonly AccuracyRow[]): KeyFigure[] => {
  const figures: KeyFigure[] = [];
  const reference = rows.find((row) => row.reference);
  const best = rows
    .filter((row) => row.generated)
    .reduce<AccuracyRow | undefined>(
      (top, row) => (top === undefined || row.average > top.average ? row : top),
      undefined,
    );
  const average = (id: string, what: string, row: AccuracyRow): KeyFigure => ({
    ...{ id, what: `${what}: ${row.label}`, value: percent(row.average), unit: '%' },
    ...readAt(averageAt, row),
  });
  if (best) figures.push(average('key.best', 'best average', best));
  if (reference) figures.push(average('key.reference', 'reference', reference));
  if (best && reference && best.gapToReal !== undefined)
    figures.push({
      ...{ id: 'key.gap', what: 'gap to real of the best', value: percent(best.gapToReal), unit: 'points' },
      ...readAt(averageAt, reference, best),
    });
  return figures;
};
