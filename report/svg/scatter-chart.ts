import { type Html, html } from '../html.ts';
import { markerPath } from './line-chart.ts';
import { linearScale, round } from './scale.ts';

/** Points of one colour and shape. */
export interface ScatterGroup {
  /** Shown on hover and read aloud. */
  readonly title: string;
  /** Which colour and shape: groups 0 … 24 differ. */
  readonly style: number;
  readonly points: readonly (readonly [x: number, y: number])[];
  /** Drawn as stars above all others. */
  readonly stars?: readonly (readonly [x: number, y: number])[];
}

export interface ScatterChart {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly groups: readonly ScatterGroup[];
  /** Of both axes, so that panels that are read side by side share them. */
  readonly domain: readonly [number, number];
  /** Digest of the artifact that the points came from. */
  readonly artifact: string;
}

const side = 320;
const colours = 5;

/** Points in a square whose axes have no meaning of their own: no ticks. */
export const scatterChart = ({ id, title, description, groups, domain, artifact }: ScatterChart): Html => {
  const x = linearScale(domain, [8, side - 8], []);
  const y = linearScale(domain, [side - 8, 8], []);
  const stars = groups.filter((group) => (group.stars ?? []).length > 0);
  const path = (points: ScatterGroup['points'], mark: (cx: number, cy: number) => string): string =>
    points.map(([px, py]) => mark(x.at(px), y.at(py))).join('');
  const shape = (style: number) => (cx: number, cy: number) => markerPath(Math.floor(style / colours), cx, cy);
  return html`<svg class="chart" viewBox="0 0 ${side} ${side}" role="img" aria-labelledby="${id}-t ${id}-d">
<title id="${id}-t">${title}</title><desc id="${id}-d">${description}</desc>
<rect class="axis" x="0.5" y="0.5" width="${side - 1}" height="${side - 1}" fill="none"/>
<g data-artifact="${artifact}">
${groups.map((group) => html`<g class="series s-${group.style % colours}"><path class="mark" d="${path(group.points, shape(group.style))}"><title>${group.title}</title></path></g>\n`)}${stars.map((group) => html`<g class="series s-${group.style % colours}"><path class="mark star" d="${path(group.stars ?? [], starPath)}"><title>${group.title}</title></path></g>\n`)}</g>
</svg>`;
};

/** Five points, of which the first looks up. */
const starPath = (cx: number, cy: number): string => {
  const corners = Array.from({ length: 10 }, (_, k) => {
    const [radius, angle] = [k % 2 === 0 ? 7.5 : 3.2, (k * Math.PI) / 5];
    return `${round(cx + radius * Math.sin(angle))} ${round(cy - radius * Math.cos(angle))}`;
  });
  return `M${corners.join('L')}Z`;
};
