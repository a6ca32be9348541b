import { type AxisValue, chartAxis } from '../../axes.ts';
import { benchmarkName, percent, plain, sortBenchmarks } from '../../format.ts';
import type { Html } from '../../html.ts';
import { type LineSeries, lineChart } from '../../svg/line-chart.ts';
import type { Curve, CurvePoint, Line } from './read.ts';

/** Accuracy over one axis: each benchmark and their average, or the averages for each value of a second axis. */
export const curveChart = (curve: Curve): Html => {
  const all = curve.lines.flatMap(({ points }) => points);
  const axis = chartAxis(all.map(({ x }) => x));
  const series = seriesOf(curve, axis.at);
  const lowest = Math.min(...series.flatMap(({ points }) => points.map(({ y }) => y)));
  const { references } = curve;
  return lineChart({
    id: 'curve',
    title: `Verification accuracy over ${curve.axis}`,
    description: all.map((point) => `${describe(curve, point)}: average ${percent(point.average)} %`).join('; '),
    xLabel: curve.axis === 'm' ? 'm, the similarity asked for' : curve.axis,
    ...(axis.categories ? { categories: axis.categories } : {}),
    yLabel: 'Accuracy, %',
    series,
    levels: [
      ...references.map(({ label, average, runs }) => ({
        y: average * 100,
        name: `${references.length === 1 ? 'Real' : label} ${percent(average)}`,
        artifact: runs.map(({ artifact }) => artifact).join(' '),
      })),
      ...(lowest < 60 ? [{ y: 50, name: 'Chance 50', faint: true }] : []),
    ],
  });
};

type At = (value: AxisValue) => number;

const seriesOf = (curve: Curve, at: At): LineSeries[] => {
  const [only] = curve.lines;
  if (curve.lines.length === 1 && only) return [...benchmarkLines(curve, only, at), averageLine(curve, only, at)];
  return curve.lines.map((line, i) => ({ ...averageLine(curve, line, at), name: line.name ?? '', style: i }));
};

const benchmarkLines = (curve: Curve, { points }: Line, at: At): LineSeries[] =>
  sortBenchmarks(points.flatMap(({ sets }) => Object.keys(sets))).map((set, i) => ({
    name: benchmarkName(set),
    style: i,
    points: points.flatMap((point) => {
      const held = point.sets[set];
      if (held === undefined) return [];
      const title = `${benchmarkName(set)}, ${describe(curve, point)}: ${percent(held.accuracy)} ± ${percent(held.std)} %`;
      return [{ x: at(point.x), y: held.accuracy * 100, artifact: digestsOf(point), title }];
    }),
  }));

const averageLine = (curve: Curve, line: Line, at: At): LineSeries => ({
  name: 'Average',
  style: 'ink',
  points: line.points.map((point) => {
    const spread = point.averageStd;
    const value = `${percent(point.average)}${spread === undefined ? '' : ` ± ${percent(spread)}`} %`;
    return {
      x: at(point.x),
      y: point.average * 100,
      ...(spread === undefined ? {} : { spread: spread * 100 }),
      artifact: digestsOf(point),
      title: `Average, ${line.name ? `${line.name}, ` : ''}${describe(curve, point)}: ${value}`,
    };
  }),
});

const describe = (curve: Curve, { x }: CurvePoint): string => `${curve.axis} = ${plain(x)}`;

const digestsOf = ({ runs }: CurvePoint): string => runs.map(({ artifact }) => artifact).join(' ');
