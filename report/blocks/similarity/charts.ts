import { chartAxis } from '../../axes.ts';
import { fixed, plain } from '../../format.ts';
import { type Html, html, scrolling } from '../../html.ts';
import { lineChart } from '../../svg/line-chart.ts';
import type { SimilarityGroup, SimilarityRow } from './read.ts';
import { commonDomain, type Ridge, ridges } from './ridges.ts';

const digestsOf = ({ runs }: SimilarityRow): string => runs.map(({ artifact }) => artifact).join(' ');

/** Mean similarity over the axis, a line for each group. */
export const similarityCurve = (groups: readonly SimilarityGroup[]): Html => {
  const name = groups[0]?.axis ?? '';
  const axis = chartAxis(groups.flatMap(({ rows }) => rows.map(({ x }) => x)));
  return lineChart({
    id: 'similarity-curve',
    title: 'Mean similarity to the inquiry image over m',
    description: groups
      .map((g) => `${g.label}: ${g.rows.map((row) => `${g.axis} = ${plain(row.x)}: ${fixed(row.mean, 3)}`).join(', ')}`)
      .join('; '),
    xLabel: name === 'm' ? 'm, the similarity asked for' : name,
    yLabel: 'Cosine similarity',
    height: 300,
    ...(axis.categories ? { categories: axis.categories } : { diagonal: 'similarity = m' }),
    series: groups.map((group, i) => ({
      name: group.label,
      style: i,
      points: group.rows.map((row) => ({
        x: axis.at(row.x),
        y: row.mean,
        spread: row.std,
        artifact: digestsOf(row),
        title: `${group.label}, ${group.axis} = ${plain(row.x)}: ${fixed(row.mean, 3)} ± ${fixed(row.std, 3)}`,
      })),
    })),
  });
};

/** A panel of histograms for each group, all on one axis. */
export const similarityRidges = (groups: readonly SimilarityGroup[]): Html => {
  const panels = groups.map((group) => ({
    group,
    rows: [...group.rows].reverse().map((row) => ridgeOf(row, group.axis)),
  }));
  const domain = commonDomain(panels.flatMap((panel) => panel.rows));
  return html`<div class="panels">${panels.map(
    (panel, i) =>
      html`<div class="panel"><p class="panel-title">${panel.group.label}</p>${scrolling(
        ridges({
          id: `ridges-${i + 1}`,
          title: `Histograms of similarity by ${panel.group.label}`,
          description: panel.rows
            .map((row) => `${row.label}: mean ${fixed(row.mean, 3)}, std ${fixed(row.std, 3)}`)
            .join('; '),
          xLabel: 'Cosine similarity to the inquiry image',
          ridges: panel.rows,
          domain,
        }),
      )}</div>`,
  )}</div>`;
};

const ridgeOf = (row: SimilarityRow, axis: string): Ridge => ({
  label: `${axis} = ${plain(row.x)}`,
  artifact: digestsOf(row),
  mean: row.mean,
  std: row.std,
  edges: row.histogram.edges,
  counts: row.histogram.counts,
  ...(axis === 'm' && typeof row.x === 'number' ? { target: row.x } : {}),
});
