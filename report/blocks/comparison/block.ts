import type { Block, KeyFigure, Part } from '../../block.ts';
import { scrolling } from '../../html.ts';
import { readFrom } from '../../sources.ts';
import { comparisonChart } from './chart.ts';
import { type Compared, type Comparison, type ComparisonParams, readComparison } from './read.ts';
import { statementOf } from './statement.ts';
import { endsTable, pointsTable } from './table.ts';

/** What an axis such as m does to accuracy, over the similarity that its sets achieve: differences, and a statement by rules. */
export const block: Block<ComparisonParams, Comparison> = {
  order: 35,
  needsAll: true,
  read: readComparison,
  draw: (comparison) => {
    const drawn = comparison.series.map((compared, i) => partsOf(compared, comparison, `comparison-${i + 1}`));
    return {
      section: { id: 'comparison-section', title: 'Accuracy over the similarity achieved' },
      parts: [
        ...drawn.map(({ statement }) => ({ statement })),
        ...(comparison.series.length > 0
          ? [{ figure: { caption: captionOf(comparison), content: scrolling(comparisonChart(comparison)) } }]
          : []),
        ...drawn.flatMap(({ tables }) => tables),
      ],
      keyFigures: comparison.series.flatMap(keyFigure),
    };
  },
};

const partsOf = (compared: Compared, comparison: Comparison, id: string) => {
  const points = pointsTable(compared, comparison, id);
  const ends = endsTable(compared, `${id}-ends`);
  const tables: Part[] = [{ table: points }, ...(ends.rows.length > 0 ? [{ table: ends }] : [])];
  return { statement: statementOf(compared, comparison, { points, ends }), tables };
};

const captionOf = ({ axis, series }: Comparison): string =>
  `Difference of the average accuracy from that of the baseline, over the mean similarity of the generated images; each point is named by its ${axis}${series.length > 1 ? ' on hover' : ''}. Whiskers: intervals that hold for all differences at once.`;

const verdicts: { readonly [shape in Compared['verdict']['shape']]?: string } = {
  ...{ peak: 'peaks between', dip: 'dips between', rise: 'rises', fall: 'falls', mixed: 'mixed', none: 'not shown' },
};

/** The verdict is no number, but it is checked as one: it follows from the scores that it names. */
const keyFigure = ({ name, points, verdict }: Compared, i: number): KeyFigure[] => {
  const value = verdicts[verdict.shape];
  if (value === undefined) return [];
  const achieved = points.flatMap(({ similarityFrom }) => similarityFrom);
  const runs = points.flatMap(({ runs }) => runs);
  return [
    {
      ...{ id: i === 0 ? 'key.comparison' : `key.comparison.${i + 1}`, value, unit: '' },
      what: `accuracy over achieved similarity${name ? `, ${name}` : ''}`,
      ...readFrom(...runs, ...achieved),
      at: [...runs.map(() => 'metrics.json#/sets'), ...achieved.map(() => 'metrics.json#/mean')],
    },
  ];
};
