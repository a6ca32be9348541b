import { chanceNotes, levelOf } from '../../report/differences/chance.ts';
import { alpha } from '../../report/differences/differences.ts';
import { interval, pValue, shownAs, signed } from '../../report/differences/table.ts';
import { benchmarkName, count, percent, sortBenchmarks } from '../../report/format.ts';
import type { Comparison } from './index.ts';

/** Rows of cells, the first of them heads; and what the numbers mean. */
export const comparisonText = (
  found: Comparison,
): { readonly rows: readonly (readonly string[])[]; readonly notes: readonly string[] } => {
  const { rows, baseline, isBest, sets, chance, leftOut } = found;
  const base = rows[baseline]?.label as string;
  const level = levelOf(chance);
  const heads = ['', 'runs', 'average', level, `from ${base}`, level, 'p', 'shown'];
  return {
    rows: [
      heads,
      ...rows.map(({ label, runs, estimate, fromBaseline }) => [
        ...[label, count(runs.length)],
        `${percent(estimate.mean)}${estimate.std === undefined ? '' : ` ± ${percent(estimate.std)}`}`,
        interval(estimate),
        ...(fromBaseline
          ? [
              ...[signed(fromBaseline.difference), interval(fromBaseline.alone), pValue(fromBaseline.holm)],
              shownAs(fromBaseline.difference, fromBaseline.holm),
            ]
          : ['–', '–', '–', isBest ? 'the best' : '–']),
      ]),
    ],
    notes: [
      `Accuracy in percent, mean of ${sortBenchmarks(sets).map(benchmarkName).join(', ')}; ± is the deviation over runs. Differences are in percentage points.`,
      ...chanceNotes(chance, ['seed']),
      `p: two-sided, corrected by Holm’s method over the ${rows.length - 1} differences. Shown: below ${alpha}.`,
      ...(leftOut.length > 0 ? [`Left out, since they were scored on other pairs: ${leftOut.join('; ')}.`] : []),
    ],
  };
};
