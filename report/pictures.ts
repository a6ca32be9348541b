import { plain } from './format.ts';
import { type Html, html } from './html.ts';
import type { Grid, Picture, SampleSheet } from './model.ts';

/** A picture in the page itself. Enlarged by the style sheet, without smoothing. */
const image = (picture: Picture, alt: string): Html =>
  html`<img src="data:image/png;base64,${picture.pngBase64}" width="${picture.width}" height="${picture.height}" alt="${alt}" data-artifact="${picture.artifact}">`;

/** Few columns leave room for large pictures. All sizes are whole multiples of common image sizes. */
const size = (columns: number): string => (columns <= 5 ? 'large' : columns <= 9 ? 'medium' : 'small');

/** A table of faces: the inquiry first, then one column for each m. */
export const gridPictures = (grid: Grid): Html => html`<div class="scroll"><table class="faces ${size(grid.m.length)}">
<thead><tr><th scope="col">Inquiry</th>${grid.m.map((m) => html`<th scope="col">m = ${plain(m)}</th>`)}</tr></thead>
<tbody>${grid.rows.map(
  (row, i) =>
    html`<tr><td class="inquiry">${image(row.inquiry, `Inquiry image ${i + 1}`)}</td>${row.pictures.map(
      (picture, k) => html`<td>${image(picture, `Inquiry ${i + 1}, m = ${plain(grid.m[k])}`)}</td>`,
    )}</tr>\n`,
)}</tbody></table></div>`;

/** One sheet for each set: a row for each identity. */
export const samplePictures = (sheets: readonly SampleSheet[]): Html =>
  html`<div class="sheets">${sheets.map(
    (sheet) =>
      html`<div class="sheet"><p class="panel-title">${sheet.label}</p><table class="faces small"><tbody>${sheet.rows.map(
        (row) =>
          html`<tr>${row.map((picture) => html`<td>${image(picture, `${sheet.label}: identity ${picture.identity}, image ${picture.image}`)}</td>`)}</tr>\n`,
      )}</tbody></table></div>`,
  )}</div>`;
