import { signed } from '../../differences/table.ts';
import { fixed } from '../../format.ts';
import type { Html } from '../../html.ts';
import { type LinePoint, type LineSeries, lineChart } from '../../svg/line-chart.ts';
import type { Compared, ComparedPoint, Comparison } from './read.ts';

/** Differences from the baseline over achieved similarity, a line for each value of the second axis. */
export const comparisonChart = ({ series, recognizer }: Comparison): Html => {
  const [only] = series as [Compared];
  const lines = series.map((compared, i) => lineOf(compared, series.length === 1 ? 'ink' : i));
  return lineChart({
    id: 'comparison',
    title: 'Differences of accuracy over achieved similarity',
    description: lines.flatMap(({ points }) => points.map(({ title }) => title)).join('; '),
    xLabel: `Similarity achieved, by ${recognizer}`,
    xDigits: 2,
    yLabel: 'Difference, points',
    height: 340,
    series: lines,
    levels: [
      {
        y: 0,
        name: series.length === 1 ? `${only.points[only.baseline]?.label} (baseline)` : 'baseline of each',
        faint: true,
      },
    ],
  });
};

const lineOf = (compared: Compared, style: LineSeries['style']): LineSeries => ({
  name: compared.name ?? 'Difference',
  style,
  points: compared.points.map((point) => pointOf(point, compared)),
});

const pointOf = (point: ComparedPoint, { points, baseline, name }: Compared): LinePoint => {
  const { fromBaseline: found, similarity, similarityFrom, label } = point;
  const reads = [...similarityFrom, ...point.runs, ...(found ? (points[baseline] as ComparedPoint).runs : [])];
  const half = found ? (found.together.highest - found.together.lowest) / 2 : 0;
  const value = found ? `${signed(found.difference)} ± ${fixed(half * 100, 2)} points` : 'baseline';
  return {
    x: similarity,
    y: (found?.difference ?? 0) * 100,
    spread: half * 100,
    label,
    title: `${name ? `${name}, ` : ''}${label}, similarity ${fixed(similarity, 3)}: ${value}`,
    artifact: [...new Set(reads.map(({ artifact }) => artifact))].join(' '),
  };
};
