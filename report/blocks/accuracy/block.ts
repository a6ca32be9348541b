import type { Block, KeyFigure } from '../../block.ts';
import { type Differences, differencesOf } from '../../differences/differences.ts';
import { differencesTable, withDifference } from '../../differences/table.ts';
import { percent } from '../../format.ts';
import { type AccuracyParams, readAccuracy } from './read.ts';
import type { AccuracyRow } from './row.ts';
import { accuracyTable, averageAt, readAt } from './table.ts';
import { withRuns } from './verification.ts';

/** The section that the accuracy table and the curve share. */
export const accuracySection = { id: 'accuracy-section', title: 'Verification accuracy' };

/** Verification accuracy of recognizers, by what they were trained on, and the gap to real data. */
export const block: Block<AccuracyParams, Accuracy> = {
  order: 20,
  read: async (params, reader) => {
    const rows = await readAccuracy(params, reader);
    const differences = await differencesOf(rows, reader, { competing: ({ generated }) => generated });
    return { rows, ...(differences && { differences }) };
  },
  draw: ({ rows, differences }, { note }) => {
    const meanOver = [...new Set(rows.flatMap((row) => row.meanOver))];
    return {
      section: accuracySection,
      parts: [
        { table: accuracyTable(rows, note) },
        ...(differences ? [{ table: differencesTable(differences, 'accuracy', meanOver) }] : []),
      ],
      keyFigures: keyFigures(rows),
    };
  },
  numbers: ({ rows, differences }) => withDifference(rows.map(withRuns), differences),
};

interface Accuracy {
  readonly rows: readonly AccuracyRow[];
  /** Absent where rows were not scored on the same pairs. */
  readonly differences?: Differences;
}

const keyFigures = (rows: readonly AccuracyRow[]): KeyFigure[] => {
  const figures: KeyFigure[] = [];
  const references = rows.filter((row) => row.reference);
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
  const numbered = (id: string, i: number): string => (i === 0 ? id : `${id}.${i + 1}`);
  if (best) figures.push(average('key.best', 'highest average on these benchmarks', best));
  references.forEach((reference, i) => {
    figures.push(average(numbered('key.reference', i), 'reference', reference));
  });
  references.forEach((reference, i) => {
    const gap = best?.gapsToReal[i]?.gap;
    if (!best || best === reference || gap === undefined) return;
    const from = references.length === 1 ? '' : `, from ${reference.label}`;
    figures.push({
      ...{ id: numbered('key.gap', i), what: `gap to real of the best${from}`, value: percent(gap), unit: 'points' },
      ...readAt(averageAt, reference, best),
    });
  });
  return figures;
};
