import type { InquiryOrigin } from '../../../artifacts/codecs/inquiries.ts';
import type { Block } from '../../block.ts';
import { plain } from '../../format.ts';
import { type Html, html, scrolling } from '../../html.ts';
import { facesSize, imageTag } from '../../pictures.ts';
import { type Grid, type GridParams, readGrid } from './read.ts';

/** Faces generated for the same inquiries and noise at several m. */
export const block: Block<GridParams, Grid> = {
  order: 10,
  onlyPictures: true,
  read: readGrid,
  draw: (grid) => ({
    section: { id: 'grid', title: 'One inquiry, several m' },
    parts: [
      {
        figure: {
          caption: `Generated faces for each ${inquiryWords[grid.origin]}. Each row shares one noise, so that only m, the similarity asked for, varies along it.`,
          content: gridPictures(grid),
        },
      },
    ],
  }),
};

const inquiryWords: { readonly [origin in InquiryOrigin]: string } = {
  images: 'inquiry image (left)',
  centers: 'inquiry, an identity center, which has no image',
  random: 'inquiry, a random vector, which has no image',
};

/** A table of faces: the inquiry first, then one column for each m. */
const gridPictures = (grid: Grid): Html =>
  scrolling(html`<table class="faces ${facesSize(grid.m.length)}">
<thead><tr><th scope="col">Inquiry</th>${grid.m.map((m) => html`<th scope="col">m = ${plain(m)}</th>`)}</tr></thead>
<tbody>${grid.rows.map(
    (row, i) =>
      html`<tr><td class="inquiry">${row.inquiry ? imageTag(row.inquiry, `Inquiry image ${i + 1}`) : `${i + 1}`}</td>${row.pictures.map(
        (picture, k) => html`<td>${imageTag(picture, `Inquiry ${i + 1}, m = ${plain(grid.m[k])}`)}</td>`,
      )}</tr>\n`,
  )}</tbody></table>`);
