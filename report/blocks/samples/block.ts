import type { Block } from '../../block.ts';
import { type Html, html, scrolling } from '../../html.ts';
import { imageTag } from '../../pictures.ts';
import { readSamples, type SampleSheet, type SamplesParams } from './read.ts';

/** The first images of sets. */
export const block: Block<SamplesParams, SampleSheet[]> = {
  order: 60,
  onlyPictures: true,
  style: '.sheets{display:flex;flex-wrap:wrap;gap:26px 34px}.sheet{max-width:100%}\n',
  read: readSamples,
  draw: (sheets) => ({
    section: {
      id: 'samples',
      title: 'Samples',
      intro: 'The first identities of each set (a row each) and their first images, unselected.',
    },
    parts: [
      { figure: { caption: 'Images of each set, enlarged without smoothing.', content: samplePictures(sheets) } },
    ],
  }),
};

/** One sheet for each set: a row for each identity. */
const samplePictures = (sheets: readonly SampleSheet[]): Html =>
  html`<div class="sheets">${sheets.map(
    (sheet) =>
      html`<div class="sheet"><p class="panel-title">${sheet.label}${sheet.note ? `: ${sheet.note}` : ''}</p>${scrolling(
        html`<table class="faces small"><tbody>${sheet.rows.map(
          (row) =>
            html`<tr>${row.map((picture) => html`<td>${imageTag(picture, `${sheet.label}: identity ${picture.identity}, image ${picture.image}`)}</td>`)}</tr>\n`,
        )}</tbody></table>`,
      )}</div>`,
  )}</div>`;
