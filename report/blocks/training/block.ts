import type { Block } from '../../block.ts';
import { count, significant } from '../../format.ts';
import { type Html, html } from '../../html.ts';
import { imageTag } from '../../pictures.ts';
import { pointerSegment, readFrom } from '../../sources.ts';
import { type Cell, sourceCell, sourceColumn, type TableModel } from '../../table.ts';
import { lossCurve, lossStyle } from './loss-curve.ts';
import { readTraining, type Series, type TrainingLog, type TrainingParams } from './read.ts';

const gridStyle = `.grids{display:flex;flex-wrap:wrap;gap:18px}
.grids figure{margin:0}
.grids img{max-width:100%;height:auto}
`;

/** Logged values of trainings, and the samples that generators drew meanwhile. */
export const block: Block<TrainingParams, TrainingLog[]> = {
  order: 70,
  style: `${lossStyle}${gridStyle}`,
  read: readTraining,
  draw: (logs) => ({
    section: { id: 'training', title: 'Training' },
    parts: [
      {
        figure: {
          caption:
            'Logged values over training steps; logs of more than 240 entries are drawn as means of equal stretches.',
          content: lossCurves(logs),
        },
      },
      { table: trainingTable(logs) },
      ...(logs.some(({ grids }) => grids.length > 0) ? [{ figure: gridFigure(logs) }] : []),
    ],
  }),
};

const gridFigure = (logs: readonly TrainingLog[]) => ({
  caption: 'Samples drawn while the generators trained. Noise and conditions are the same in all grids of a training.',
  content: html`<div class="grids">${logs.map(({ label, grids }) =>
    grids.map(({ step, picture }) => {
      const text = `${label}, step ${count(step)}`;
      return html`<figure>${imageTag(picture, `Samples: ${text}`)}<figcaption>${text}</figcaption></figure>\n`;
    }),
  )}</div>`,
});

const lossCurves = (logs: readonly TrainingLog[]): Html =>
  html`<div class="losses">${logs.map((log, i) =>
    log.series.map(
      (series, k) =>
        html`<div class="loss-panel"><p class="panel-title">${log.label} <span>${series.name}</span></p>${lossCurve({
          id: `loss-${i + 1}-${k + 1}`,
          title: `${log.label}, ${series.name}`,
          artifact: log.artifact,
          steps: series.steps,
          values: series.values,
        })}</div>`,
    ),
  )}</div>`;

/** The first and last value of every logged series. */
const trainingTable = (logs: readonly TrainingLog[]): TableModel => ({
  id: 'training-values',
  caption: 'Logged values of each training: means over its first and its last logged stretch of steps',
  columns: [
    { label: 'Training', numeric: false },
    { label: 'Value', numeric: false },
    { label: 'Steps', numeric: true },
    { label: 'First', numeric: true },
    { label: 'Last', numeric: true },
    sourceColumn,
  ],
  rows: logs.flatMap((log) =>
    log.series.map((series) => ({
      cells: [
        { text: log.label },
        { text: series.name },
        logged(log, series, ['steps', series.steps.length - 1], count),
        logged(log, series, ['values', 0], significant),
        logged(log, series, ['values', series.values.length - 1], significant),
        sourceCell(log),
      ],
    })),
  ),
  notes: [],
});

const logged = (
  log: TrainingLog,
  series: Series,
  [list, index]: readonly ['steps' | 'values', number],
  print: (value: number) => string,
): Cell => ({
  text: print(series[list][index] ?? 0),
  ...readFrom(log),
  at: [`metrics.json#/series/${pointerSegment(series.name)}/${list}/${index}`],
});
