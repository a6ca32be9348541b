import { plural } from '../../../core/words.ts';
import type { Block } from '../../block.ts';
import { scrolling } from '../../html.ts';
import { accuracySection } from '../accuracy/block.ts';
import { withRuns } from '../accuracy/verification.ts';
import { curveChart } from './chart.ts';
import { type Curve, type CurveParams, readCurve } from './read.ts';

/** Verification accuracy over one axis of a matrix. It prints no numbers itself: those belong in the accuracy table. */
export const block: Block<CurveParams, Curve> = {
  order: 30,
  read: readCurve,
  draw: (curve) => ({
    section: accuracySection,
    parts: [{ figure: { caption: captionOf(curve), content: scrolling(curveChart(curve)) } }],
  }),
  numbers: ({ axis, lines, references }) => ({
    axis,
    points: lines.flatMap(({ name, points }) =>
      points.map((point) => ({ ...withRuns(point), ...(name === undefined ? {} : { series: name }) })),
    ),
    references: references.map(withRuns),
  }),
};

const captionOf = ({ axis, lines, references, runs, meanOver, inTable }: Curve): string =>
  [
    lines.length === 1
      ? `Accuracy over ${axis}: each benchmark, and their average (heavy line).`
      : `Accuracy over ${axis}: the average of the benchmarks, a line for each of ${lines.map(({ name }) => name).join(', ')}.`,
    ...(references.length > 0
      ? [`Dashed: average of ${references.map(({ label }) => `“${label}”`).join(' and of ')}.`]
      : []),
    ...(runs > 1
      ? [
          `Points are means over ${meanOver.join(', ')} (${plural(runs, 'run')} at most), whiskers ± one sample standard deviation.`,
        ]
      : []),
    ...(inTable ? ['The numbers are those of the table above.'] : ['Hover over a point for its value.']),
  ].join(' ');
