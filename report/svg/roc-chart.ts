import { fixed } from '../format.ts';
import { type Html, html } from '../html.ts';
import { spreadLabels } from './line-chart.ts';
import { linearScale, niceAxis, round, tickDigits } from './scale.ts';

/** One receiver operating characteristic: shares, ascending. */
export interface RocLine {
  readonly name: string;
  /** False accept rates; those of 0 have no place on a logarithmic axis and are left out. */
  readonly far: readonly number[];
  readonly tar: readonly number[];
  /** Digest of the artifact that it was read from. */
  readonly artifact: string;
}

export interface RocChart {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly lines: readonly RocLine[];
}

const size = { width: 976, height: 360 };
const margin = { top: 18, right: 250, bottom: 46, left: 58 };
const colours = 5;
/** Letters of a name that fit right of the plot. */
const mostLetters = 34;

/** TAR over FAR, whose axis is logarithmic: from the lowest rate that the pairs can show to 1. */
export const rocChart = ({ id, title, description, lines }: RocChart): Html => {
  const drawn = lines.map((line) => ({ ...line, points: pointsOf(line) }));
  const all = drawn.flatMap(({ points }) => points);
  const decades = Math.floor(Math.min(-1, ...all.map(({ far }) => Math.log10(far))));
  const [right, bottom] = [size.width - margin.right, size.height - margin.bottom];
  const xTicks = Array.from({ length: 1 - decades }, (_, i) => decades + i);
  const x = linearScale([decades, 0], [margin.left + 8, right], xTicks);
  const { domain, ticks } = niceAxis(Math.min(...all.map(({ tar }) => tar * 100), 99), 100, 6);
  const y = linearScale(domain, [bottom, margin.top], ticks);
  const digits = tickDigits(ticks);
  const path = (line: (typeof drawn)[number]): string =>
    line.points.map(({ far, tar }, i) => `${i === 0 ? 'M' : 'L'}${x.at(Math.log10(far))} ${y.at(tar * 100)}`).join('');
  const names = drawn
    .map((line, i) => ({ name: line.name, style: i % colours, wanted: y.at((line.points[0]?.tar ?? 1) * 100) }))
    .sort((a, b) => a.wanted - b.wanted);
  const wanted = names.map((each) => each.wanted);
  const places = spreadLabels(wanted, 15, margin.top, bottom);
  return html`<svg class="chart wide" viewBox="0 0 ${size.width} ${size.height}" role="img" aria-labelledby="${id}-t ${id}-d">
<title id="${id}-t">${title}</title><desc id="${id}-d">${description}</desc>
<g class="grid">${y.ticks.map((t) => html`<line x1="${margin.left}" x2="${right}" y1="${y.at(t)}" y2="${y.at(t)}"/>`)}</g>
<g class="tick" text-anchor="end">${y.ticks.map((t) => html`<text x="${margin.left - 9}" y="${round(y.at(t) + 4)}">${fixed(t, digits)}</text>`)}</g>
<line class="axis" x1="${margin.left}" x2="${right}" y1="${bottom}" y2="${bottom}"/>
<g class="axis">${xTicks.map((t) => html`<line x1="${x.at(t)}" x2="${x.at(t)}" y1="${bottom}" y2="${bottom + 5}"/>`)}</g>
<g class="tick" text-anchor="middle">${xTicks.map((t) => html`<text x="${x.at(t)}" y="${bottom + 19}">${t === 0 ? '1' : `1e−${-t}`}</text>`)}</g>
<text class="label" text-anchor="middle" x="${round((margin.left + right) / 2)}" y="${size.height - 6}">FAR, the share of different pairs accepted (logarithmic)</text>
<text class="label" text-anchor="middle" transform="translate(14 ${round((margin.top + bottom) / 2)}) rotate(-90)">TAR, %</text>
${drawn.map((line, i) => html`<g class="series s-${i % colours}"><path class="line" data-artifact="${line.artifact}" d="${path(line)}"><title>${line.name}</title></path></g>`)}
<g class="ends">${names.map((each, i) => html`<text class="s-${each.style}" x="${right + 8}" y="${round((places[i] as number) + 4)}">${shortName(each.name)}</text>`)}</g>
</svg>`;
};

const pointsOf = ({ far, tar }: RocLine): { far: number; tar: number }[] =>
  far.flatMap((rate, i) => (rate > 0 ? [{ far: rate, tar: tar[i] as number }] : []));

/** The full name is in the table. */
const shortName = (name: string): string => (name.length <= mostLetters ? name : `${name.slice(0, mostLetters - 1)}…`);
