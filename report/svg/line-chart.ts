import { fixed, plain } from '../format.ts';
import { attribute, type Html, html } from '../html.ts';
import { linearScale, niceAxis, niceTicks, round, type Scale, tickDigits } from './scale.ts';

export interface LinePoint {
  /** On an axis of categories: which of them, from 0. */
  readonly x: number;
  readonly y: number;
  /** Half the length of the whisker, in units of y. */
  readonly spread?: number;
  /** Names the point above the plot, where there is room for the names of all. */
  readonly label?: string;
  /** Shown on hover and read aloud. */
  readonly title: string;
  /** Digest of the artifact that y came from. */
  readonly artifact: string;
}

export interface LineSeries {
  readonly name: string;
  /** Which colour and marker: 0 … 5. `ink` is the emphasised one. */
  readonly style: number | 'ink';
  readonly points: readonly LinePoint[];
}

export interface LineChart {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly xLabel: string;
  /** Digits after the point on a numeric x axis with round ticks; default: a tick at every x, as it was written. */
  readonly xDigits?: number;
  /** Names of the places 0, 1, 2, … on an axis that is not numeric. Points on it are not joined. */
  readonly categories?: readonly string[];
  readonly yLabel: string;
  readonly series: readonly LineSeries[];
  /** Horizontal lines, such as the real-data reference. */
  readonly levels?: readonly {
    readonly y: number;
    readonly name: string;
    readonly artifact?: string;
    readonly faint?: boolean;
  }[];
  /** Draws y = x where it passes through the plot. */
  readonly diagonal?: string;
  readonly width?: number;
  readonly height?: number;
  /** Digits after the point on the y axis when ticks need no more. */
  readonly yDigits?: number;
}

const margin = { top: 18, bottom: 46, left: 58 };
/** About the width of a letter in the chart's type; labels longer than this are cut. */
const letter = 6.4;
const mostLetters = 42;

/** Lines with markers over a numeric axis; every series is named at its right end, every point says its value. */
export const lineChart = (chart: LineChart): Html => {
  const width = chart.width ?? 976;
  const height = chart.height ?? 400;
  const names = [...chart.series, ...(chart.levels ?? [])].map(({ name }) => shortName(name).length);
  const right = width - Math.max(90, Math.round(16 + letter * Math.max(...names)));
  const xs = [...new Set(chart.series.flatMap((s) => s.points.map((p) => p.x)))].sort((a, b) => a - b);
  const x = xScale(chart.categories ? [...chart.categories.keys()] : xs, [margin.left + 14, right - 14], chart);
  const y = yScale(chart, [height - margin.bottom, margin.top]);
  const plot = { left: margin.left, right, top: margin.top, bottom: height - margin.bottom };
  const digits = Math.max(tickDigits(y.ticks), chart.yDigits ?? 0);
  return html`<svg class="chart wide" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="${chart.id}-t ${chart.id}-d">
<title id="${chart.id}-t">${chart.title}</title><desc id="${chart.id}-d">${chart.description}</desc>
<clipPath id="${chart.id}-c"><rect x="${plot.left}" y="${plot.top}" width="${plot.right - plot.left}" height="${plot.bottom - plot.top}"/></clipPath>
<g class="grid">${y.ticks.map((t) => html`<line x1="${plot.left}" x2="${plot.right}" y1="${y.at(t)}" y2="${y.at(t)}"/>`)}</g>
<g class="tick" text-anchor="end">${y.ticks.map((t) => html`<text x="${plot.left - 9}" y="${round(y.at(t) + 4)}">${fixed(t, digits)}</text>`)}</g>
<line class="axis" x1="${plot.left}" x2="${plot.right}" y1="${plot.bottom}" y2="${plot.bottom}"/>
<g class="axis">${x.ticks.map((t) => html`<line x1="${x.at(t)}" x2="${x.at(t)}" y1="${plot.bottom}" y2="${plot.bottom + 5}"/>`)}</g>
<g class="tick" text-anchor="middle">${x.ticks.map((t) => html`<text x="${x.at(t)}" y="${plot.bottom + 19}">${xText(chart, t)}</text>`)}</g>
<text class="label" text-anchor="middle" x="${round((plot.left + plot.right) / 2)}" y="${height - 6}">${chart.xLabel}</text>
<text class="label" text-anchor="middle" transform="translate(14 ${round((plot.top + plot.bottom) / 2)}) rotate(-90)">${chart.yLabel}</text>
${chart.diagonal === undefined ? '' : diagonal(chart, x, y)}
${(chart.levels ?? []).map((level) => html`<line class="${level.faint ? 'level faint' : 'level'}"${attribute('data-artifact', level.artifact)} x1="${plot.left}" x2="${plot.right}" y1="${y.at(level.y)}" y2="${y.at(level.y)}"><title>${level.name}</title></line>`)}
${inDrawingOrder(chart.series).map(({ series, aside }) => drawSeries(series, shifted(x, aside), y, chart.categories === undefined))}
${endLabels(chart, y, plot.right + 6, plot)}
${pointLabels(chart, x, plot)}
</svg>`;
};

/**
 * The emphasised series is drawn last, above the others. Series with whiskers are moved aside from one another, or their
 * whiskers would cover each other.
 */
const inDrawingOrder = (all: readonly LineSeries[]): { series: LineSeries; aside: number }[] => {
  const whiskers = all.some((series) => series.points.some((p) => p.spread));
  return all
    .map((series, i) => ({ series, aside: whiskers ? (i - (all.length - 1) / 2) * 9 : 0 }))
    .sort((a, b) => Number(a.series.style === 'ink') - Number(b.series.style === 'ink'));
};

const shifted = (x: Scale, aside: number): Scale => ({ ...x, at: (value) => round(x.at(value) + aside) });

const colours = 5;
const className = (style: number | 'ink'): string => `s-${style === 'ink' ? style : style % colours}`;

const xText = ({ categories, xDigits }: LineChart, tick: number): string =>
  categories?.[tick] ?? (xDigits === undefined ? plain(tick) : fixed(tick, xDigits));

const xScale = (xs: readonly number[], range: [number, number], { categories, xDigits }: LineChart): Scale => {
  // Half a place is left at both ends of an axis of categories.
  const [low, high] = categories ? [-0.5, categories.length - 0.5] : [xs[0] ?? 0, xs.at(-1) ?? 1];
  const asWritten = categories || (xDigits === undefined && xs.length <= 12);
  const ticks = asWritten ? xs : niceTicks(low, high, 10);
  return linearScale([low, high], range, ticks);
};

const yScale = (chart: LineChart, range: [number, number]): Scale => {
  const values = chart.series.flatMap((s) => s.points.flatMap((p) => [p.y - (p.spread ?? 0), p.y + (p.spread ?? 0)]));
  for (const level of chart.levels ?? []) values.push(level.y);
  const { domain, ticks } = niceAxis(Math.min(...values), Math.max(...values), 6);
  return linearScale(domain, range, ticks);
};

const drawSeries = (series: LineSeries, x: Scale, y: Scale, joined: boolean): Html => {
  const path = series.points.map((p, i) => `${i === 0 ? 'M' : 'L'}${x.at(p.x)} ${y.at(p.y)}`).join('');
  return html`<g class="series ${className(series.style)}">
${joined ? html`<path class="line" d="${path}"/>` : ''}
${series.points.map((p) => (p.spread ? whisker(p, p.spread, x, y) : ''))}
${series.points.map((p) => html`<path class="mark" data-artifact="${p.artifact}" d="${markerPath(series.style, x.at(p.x), y.at(p.y))}"><title>${p.title}</title></path>`)}
</g>`;
};

const whisker = (p: LinePoint, spread: number, x: Scale, y: Scale): Html => {
  const at = x.at(p.x);
  const [low, high] = [y.at(p.y - spread), y.at(p.y + spread)];
  return html`<path class="whisker" d="M${at} ${low}L${at} ${high}M${at - 4} ${low}H${at + 4}M${at - 4} ${high}H${at + 4}"/>`;
};

/** Shapes differ as colours do, for readers who do not tell the colours apart. */
export const markerPath = (style: number | 'ink', cx: number, cy: number): string => {
  const at = (dx: number, dy: number): string => `${round(cx + dx)} ${round(cy + dy)}`;
  const circle = (r: number): string => `M${at(-r, 0)}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0Z`;
  const shapes = [
    circle(3.6),
    `M${at(-3.4, -3.4)}h6.8v6.8h-6.8Z`,
    `M${at(0, -4.6)}L${at(4.2, 3.2)}L${at(-4.2, 3.2)}Z`,
    `M${at(0, -4.8)}L${at(4.8, 0)}L${at(0, 4.8)}L${at(-4.8, 0)}Z`,
    `M${at(0, 4.6)}L${at(4.2, -3.2)}L${at(-4.2, -3.2)}Z`,
  ];
  return style === 'ink' ? circle(4.6) : (shapes[style % shapes.length] as string);
};

const diagonal = (chart: LineChart, x: Scale, y: Scale): Html => {
  const [a, b] = x.domain;
  return html`<line class="level faint" clip-path="url(#${chart.id}-c)" x1="${x.at(a)}" y1="${y.at(a)}" x2="${x.at(b)}" y2="${y.at(b)}"><title>${chart.diagonal}</title></line>`;
};

/** What fits right of the plot; the full name is in the caption or table. */
const shortName = (name: string): string => (name.length <= mostLetters ? name : `${name.slice(0, mostLetters - 1)}…`);

interface EndLabel {
  readonly name: string;
  readonly className: string;
  readonly wanted: number;
}

const endLabels = (chart: LineChart, y: Scale, left: number, plot: { top: number; bottom: number }): Html => {
  const labels: EndLabel[] = chart.series.flatMap((series) => {
    const last = series.points.at(-1);
    return last === undefined ? [] : [{ name: series.name, className: className(series.style), wanted: y.at(last.y) }];
  });
  for (const level of chart.levels ?? [])
    labels.push({ name: level.name, className: 'level-name', wanted: y.at(level.y) });
  labels.sort((a, b) => a.wanted - b.wanted);
  const places = spreadLabels(
    labels.map((l) => l.wanted),
    15,
    plot.top,
    plot.bottom,
  );
  return html`<g class="ends">${labels.map((l, i) => html`<text class="${l.className}" x="${left}" y="${round((places[i] as number) + 4)}">${shortName(l.name)}</text>`)}</g>`;
};

/** Above the plot, each near its point; nothing where they would crowd. */
const pointLabels = (chart: LineChart, x: Scale, plot: { left: number; right: number; top: number }): Html | '' => {
  const points = chart.series.length === 1 ? (chart.series[0]?.points ?? []).filter(({ label }) => label) : [];
  const gap = Math.max(...points.map(({ label = '' }) => label.length)) * letter + 10;
  const [left, right] = [plot.left + gap / 2, plot.right - gap / 2];
  if (points.length === 0 || gap * (points.length - 1) > right - left) return '';
  const sorted = [...points].sort((a, b) => a.x - b.x);
  const places = spreadLabels(
    sorted.map((point) => x.at(point.x)),
    gap,
    left,
    right,
  );
  return html`<g class="tick" text-anchor="middle">${sorted.map((point, i) => html`<text x="${round(places[i] as number)}" y="${plot.top - 6}">${point.label}</text>`)}</g>`;
};

/**
 * Moves ascending positions apart until each is at least `gap` from the next, within [low, high] where there is room.
 * Those that crowd move together about their common middle, so that no label strays far from its line.
 */
export const spreadLabels = (wanted: readonly number[], gap: number, low: number, high: number): number[] => {
  const groups: { sum: number; size: number }[] = [];
  const start = (g: { sum: number; size: number }): number => {
    const span = (g.size - 1) * gap;
    return Math.max(low, Math.min(high - span, g.sum / g.size - span / 2));
  };
  for (const value of wanted) {
    let group = { sum: value, size: 1 };
    for (let last = groups.at(-1); last && start(last) + last.size * gap > start(group); last = groups.at(-1)) {
      groups.pop();
      group = { sum: last.sum + group.sum, size: last.size + group.size };
    }
    groups.push(group);
  }
  return groups.flatMap((g) => Array.from({ length: g.size }, (_, i) => start(g) + i * gap));
};
