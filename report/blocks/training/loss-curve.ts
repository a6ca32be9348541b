import { fixed, significant } from '../../format.ts';
import { type Html, html } from '../../html.ts';
import { linearScale, niceAxis, round, tickDigits } from '../../svg/scale.ts';

export interface LossCurve {
  readonly id: string;
  readonly title: string;
  readonly artifact: string;
  readonly steps: readonly number[];
  readonly values: readonly number[];
}

const size = { width: 300, height: 150 };
const margin = { top: 10, right: 12, bottom: 24, left: 46 };
const mostPoints = 240;

/** A small curve of one value over the steps; long logs are drawn as means of equal stretches. */
export const lossCurve = (curve: LossCurve): Html => {
  const points = thin(curve.steps, curve.values, mostPoints);
  const ys = points.map((p) => p[1]);
  const { domain, ticks } = niceAxis(Math.min(...ys), Math.max(...ys), 3);
  const [firstStep, lastStep] = [curve.steps[0] ?? 0, curve.steps.at(-1) ?? 1];
  const x = linearScale([firstStep, lastStep], [margin.left, size.width - margin.right], [firstStep, lastStep]);
  const y = linearScale(domain, [size.height - margin.bottom, margin.top], ticks);
  const digits = tickDigits(y.ticks);
  const line = points.map((p, i) => `${i === 0 ? 'M' : 'L'}${x.at(p[0])} ${y.at(p[1])}`).join('');
  const last = curve.values.at(-1) ?? 0;
  return html`<svg class="chart" viewBox="0 0 ${size.width} ${size.height}" role="img" aria-labelledby="${curve.id}-t" data-artifact="${curve.artifact}">
<title id="${curve.id}-t">${curve.title}: ${significant(curve.values[0] ?? 0)} at step ${firstStep}, ${significant(last)} at step ${lastStep}</title>
<g class="grid">${y.ticks.map((t) => html`<line x1="${margin.left}" x2="${size.width - margin.right}" y1="${y.at(t)}" y2="${y.at(t)}"/>`)}</g>
<g class="tick" text-anchor="end">${y.ticks.map((t) => html`<text x="${margin.left - 7}" y="${round(y.at(t) + 4)}">${fixed(t, digits)}</text>`)}</g>
<path class="loss" d="${line}"/>
<g class="tick"><text x="${margin.left}" y="${size.height - 5}">step ${firstStep}</text><text text-anchor="end" x="${size.width - margin.right}" y="${size.height - 5}">${lastStep}</text></g>
</svg>`;
};

/** At most `most` points: means of equal stretches of the log. */
export const thin = (steps: readonly number[], values: readonly number[], most: number): [number, number][] => {
  const n = Math.min(steps.length, values.length);
  const parts = Math.min(n, most);
  return Array.from({ length: parts }, (_, part) => {
    const [from, to] = [Math.floor((part * n) / parts), Math.floor(((part + 1) * n) / parts)];
    let [step, value] = [0, 0];
    for (let i = from; i < to; i++) {
      step += steps[i] as number;
      value += values[i] as number;
    }
    return [step / (to - from), value / (to - from)];
  });
};

export const lossStyle = `.chart .loss{fill:none;stroke:var(--s0);stroke-width:1.3;stroke-linejoin:round}
.losses{display:grid;grid-template-columns:repeat(auto-fill,minmax(270px,1fr));gap:22px 30px}
@media print{.losses{grid-template-columns:1fr 1fr 1fr}}
`;
