import { fixed, plain } from '../../format.ts';
import { type Html, html } from '../../html.ts';
import { linearScale, niceTicks, round, type Scale, tickDigits } from '../../svg/scale.ts';

export interface Ridge {
  readonly label: string;
  readonly artifact: string;
  readonly mean: number;
  readonly std: number;
  /** One more edge than counts. */
  readonly edges: readonly number[];
  readonly counts: readonly number[];
  /** A value to point at, such as the similarity that was asked for; drawn where it lies inside the plot. */
  readonly target?: number;
}

export interface Ridges {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly xLabel: string;
  readonly ridges: readonly Ridge[];
  /** Shared by panels that are read side by side. */
  readonly domain: readonly [number, number];
  readonly width?: number;
}

const pitch = 42;
const reach = 38;
const margin = { top: 30, right: 104, bottom: 44, left: 74 };

/**
 * One histogram for each condition, under one another on a common axis, every one of the same area: what moves is where
 * the mass lies. The mean is a line, with its value at the right.
 */
export const ridges = (chart: Ridges): Html => {
  const width = chart.width ?? 480;
  const height = margin.top + chart.ridges.length * pitch + margin.bottom;
  const x = linearScale(
    chart.domain,
    [margin.left, width - margin.right],
    niceTicks(chart.domain[0], chart.domain[1], 5),
  );
  const peak = Math.max(...chart.ridges.flatMap((ridge) => densities(ridge)), Number.MIN_VALUE);
  const bottom = height - margin.bottom;
  const digits = tickDigits(x.ticks);
  return html`<svg class="chart" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="${chart.id}-t ${chart.id}-d">
<title id="${chart.id}-t">${chart.title}</title><desc id="${chart.id}-d">${chart.description}</desc>
<g class="grid">${x.ticks.map((t) => html`<line x1="${x.at(t)}" x2="${x.at(t)}" y1="${margin.top - 12}" y2="${bottom}"/>`)}</g>
${chart.ridges.map((ridge, i) => drawRidge(ridge, x, margin.top + (i + 1) * pitch - 6, peak, width))}
<g class="tick" text-anchor="middle">${x.ticks.map((t) => html`<text x="${x.at(t)}" y="${bottom + 17}">${fixed(t, digits)}</text>`)}</g>
<text class="label" text-anchor="middle" x="${round((margin.left + width - margin.right) / 2)}" y="${height - 6}">${chart.xLabel}</text>
</svg>`;
};

/** The part of the axis that any of the histograms uses, widened to whole tenths. */
export const commonDomain = (all: readonly Ridge[]): [number, number] => {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const ridge of all) {
    ridge.counts.forEach((n, i) => {
      if (n <= 0) return;
      low = Math.min(low, ridge.edges[i] as number);
      high = Math.max(high, ridge.edges[i + 1] as number);
    });
  }
  if (!(high > low)) return [0, 1];
  return [Math.floor(low * 10 + 1e-9) / 10, Math.ceil(high * 10 - 1e-9) / 10];
};

/** Counts as a share of all, by width of the bin: histograms of different bins stay comparable. */
const densities = (ridge: Ridge): number[] => {
  const total = ridge.counts.reduce((sum, n) => sum + n, 0) || 1;
  return ridge.counts.map((n, i) => n / total / ((ridge.edges[i + 1] as number) - (ridge.edges[i] as number)));
};

const drawRidge = (ridge: Ridge, x: Scale, base: number, peak: number, width: number): Html => {
  const heights = densities(ridge).map((d) => (d / peak) * reach);
  const used = heights.map((h, i) => (h > 0 ? i : -1)).filter((i) => i >= 0);
  const [first, last] = [used[0] ?? 0, used.at(-1) ?? -1];
  let outline = '';
  for (let i = first; i <= last; i++) {
    const top = round(base - (heights[i] as number));
    outline += `${i === first ? `M${x.at(ridge.edges[i] as number)} ${base}` : ''}V${top}H${x.at(ridge.edges[i + 1] as number)}`;
  }
  if (outline) outline += `V${base}`;
  const mean = x.at(ridge.mean);
  const value = `${fixed(ridge.mean, 3)} ± ${fixed(ridge.std, 3)}`;
  return html`<g class="ridge" data-artifact="${ridge.artifact}"><title>${ridge.label}: mean ${value}</title>
<line class="axis" x1="${margin.left}" x2="${width - margin.right}" y1="${base}" y2="${base}"/>
<path class="area" d="${outline}"/><path class="outline" d="${outline}"/>
<line class="mean" x1="${mean}" x2="${mean}" y1="${base + 3}" y2="${round(base - reach * 0.62)}"/>
${targetMark(ridge, x, base)}
<text class="name" text-anchor="end" x="${margin.left - 10}" y="${base - 2}">${ridge.label}</text>
<text class="value" x="${width - margin.right + 8}" y="${base - 2}">${value}</text></g>`;
};

const targetMark = (ridge: Ridge, x: Scale, base: number): Html | '' => {
  const [low, high] = x.domain;
  if (ridge.target === undefined || ridge.target < low || ridge.target > high) return '';
  const at = x.at(ridge.target);
  return html`<path class="target" d="M${round(at - 4)} ${base + 7}L${at} ${base + 1}L${round(at + 4)} ${base + 7}Z"><title>asked for: ${plain(ridge.target)}</title></path>`;
};

export const ridgeStyle = `.panels{display:grid;grid-template-columns:repeat(auto-fit,minmax(400px,1fr));gap:20px 36px}
.ridge .axis{stroke:var(--rule)}
.ridge .area{fill:var(--s0);opacity:.22}
.ridge .outline{fill:none;stroke:var(--s0);stroke-width:1.2;stroke-linejoin:round}
.ridge .mean{stroke:var(--ink);stroke-width:1.6}
.ridge .target{fill:var(--s1)}
.ridge .value{fill:var(--soft)}
.panel{min-width:0}.panels .panel svg{min-width:410px}
@media (max-width:640px){.panels{grid-template-columns:minmax(0,1fr)}}
@media print{.panels{grid-template-columns:1fr 1fr}.panels .panel svg{min-width:0}}
`;
