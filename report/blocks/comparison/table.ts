import type { PairedDifference } from '../../../metrics/bootstrap/index.ts';
import { chanceNotes, levelOf } from '../../differences/chance.ts';
import { interval, signed } from '../../differences/table.ts';
import { benchmarkName, count, fixed, percent, sortBenchmarks } from '../../format.ts';
import { type Read, readFromAt } from '../../sources.ts';
import { type Cell, missing, sourceCell, sourceColumn, type TableModel } from '../../table.ts';
import type { Compared, ComparedPoint, Comparison } from './read.ts';
import { shown } from './verdict.ts';

const similarityCell = ({ similarity, similarityFrom }: ComparedPoint): Cell => ({
  text: fixed(similarity, 3),
  ...readFromAt('metrics.json#/mean', similarityFrom),
  linked: true,
});

/** The difference, its intervals, and whether it is shown: of these the first is the difference of two averages. */
const differenceCells = (found: PairedDifference, reads: readonly Read[]): Cell[] => [
  { text: signed(found.difference), ...readFromAt('metrics.json#/average', reads) },
  { text: interval(found.alone), ...readFromAt('metrics.json#/sets', reads) },
  { text: interval(found.together), ...readFromAt('metrics.json#/sets', reads) },
];

const intervalColumns = (compared: Compared) => [
  {
    label: `${levelOf(compared.chance)} interval`,
    numeric: true,
    title: 'of this difference alone, percentage points',
  },
  {
    label: `${levelOf(compared.chance)}, all at once`,
    numeric: true,
    title: 'together with all differences between the points',
  },
];

/** Columns that the statement cites. */
export const columns = { similarity: 1, difference: 1, together: 3 } as const;

/** A row for each point, by ascending achieved similarity, with its difference from the baseline. */
export const pointsTable = (compared: Compared, comparison: Comparison, id: string): TableModel => {
  const { points, baseline, isBest, name } = compared;
  const withRuns = points.some(({ runs }) => runs.length > 1);
  const base = points[baseline] as ComparedPoint;
  return {
    id,
    caption: `Accuracy over the similarity achieved${name ? `, ${name}` : ''}: differences from ${base.label}${isBest ? ', the best' : ''}`,
    columns: [
      { label: `${comparison.axis} asked for`, numeric: false },
      {
        label: 'Similarity achieved',
        numeric: true,
        title: `mean cosine to the inquiry image, by ${comparison.recognizer}`,
      },
      ...(withRuns ? [{ label: 'Runs', numeric: true, title: 'how many runs the means are taken over' }] : []),
      { label: 'Average', numeric: true, title: 'accuracy, %' },
      { label: 'Difference', numeric: true, title: 'percentage points' },
      ...intervalColumns(compared),
      sourceColumn,
    ],
    rows: points.map((point) => ({
      cells: [
        { text: point.label },
        similarityCell(point),
        ...(withRuns ? [{ text: count(point.runs.length), ...readFromAt('manifest', point.runs) }] : []),
        {
          text: percent(point.average),
          ...readFromAt('metrics.json#/average', point.runs),
          best: point === base && isBest,
        },
        ...(point.fromBaseline
          ? differenceCells(point.fromBaseline, [...point.runs, ...base.runs])
          : [{ text: signed(0), ...readFromAt('metrics.json#/average', base.runs) }, missing, missing]),
        sourceCell(...point.runs),
      ],
    })),
    notes: pointNotes(compared, comparison),
  };
};

const pointNotes = (compared: Compared, { recognizer, meanOver, leftOut }: Comparison): string[] => [
  `Similarity achieved: mean cosine of the generated images to their inquiry image, by ${recognizer}; copies of the inquiry in the training set do not count. Average: accuracy in percent, mean of ${sortBenchmarks(compared.sets).map(benchmarkName).join(', ')}. Differences are in percentage points.`,
  ...chanceNotes(compared.chance, meanOver),
  'The first interval holds for one difference alone. The second holds for all differences between the points at once (largest studentized difference), so also for a comparison with the best.',
  ...(leftOut.length > 0 ? [`Left out, since their similarity was not measured: ${leftOut.join('; ')}.`] : []),
];

/** The differences by which the statement is decided: see `verdictOf`. */
export const endsTable = (compared: Compared, id: string): TableModel => ({
  id,
  caption: `Differences that decide the statement: the ends, and each point between with both ends${compared.name ? `, ${compared.name}` : ''}`,
  columns: [
    { label: 'Compared', numeric: false },
    { label: 'Difference', numeric: true, title: 'percentage points' },
    ...intervalColumns(compared),
    { label: 'Shown', numeric: false, title: 'whether the interval that holds at once lies above or below 0' },
    sourceColumn,
  ],
  rows: compared.verdict.contrasts.map((contrast) => {
    const [first, second] = [contrast.first, contrast.second].map((i) => compared.points[i] as ComparedPoint) as [
      ComparedPoint,
      ComparedPoint,
    ];
    const reads = [...first.runs, ...second.runs];
    return {
      cells: [
        { text: `${first.label} minus ${second.label}` },
        ...differenceCells(contrast, reads),
        { text: shown(contrast) ?? 'no', ...readFromAt('metrics.json#/sets', reads) },
        sourceCell(...reads),
      ],
    };
  }),
  notes: [
    'Shown: the interval that holds at once lies above 0 (higher) or below 0 (lower).',
    'Rules. Peak or dip: a point between is higher, or lower, than both ends. Rise or fall: the end of higher similarity is higher, or lower, than the other, and no point between is above the better end or below the worse. Otherwise nothing is shown.',
  ],
});
