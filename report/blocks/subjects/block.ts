import type { Block, Part } from '../../block.ts';
import { type Html, html, scrolling } from '../../html.ts';
import { facesSize, imageTag, type Picture } from '../../pictures.ts';
import { readSubjects, type SubjectSet, type Subjects, type SubjectsParams } from './read.ts';

/** The same identities by several methods. */
export const block: Block<SubjectsParams, Subjects> = {
  order: 16,
  onlyPictures: true,
  style:
    'table.faces.subjects th.set{border-left:1px solid var(--rule);padding-left:9px;font-weight:600}table.faces.subjects td.set{border-left:1px solid var(--rule);padding-left:9px}table.faces.subjects td.identity{padding:0 10px 0 2px;color:var(--muted)}\n',
  read: readSubjects,
  draw: (subjects) => ({
    section: { id: 'subjects', title: 'The same identity by each method' },
    parts: [...joinedParts(subjects), ...subjects.own.map((set) => ownPart(set, subjects))],
  }),
};

/** One table: the inquiry, then a group of columns for each set. */
const joinedParts = ({ inquiries, sets, images }: Subjects): Part[] => {
  if (!inquiries || sets.length === 0) return [];
  const withImage = inquiries.pictures.length > 0;
  const caption = `Each row is one identity: ${withImage ? 'the inquiry image on the left' : 'an inquiry, which is a vector and has no image'}, then its first images in each set, unselected. All sets were made from the same inquiries.`;
  const rows = Array.from({ length: inquiries.count }, (_, k) => {
    const inquiry = inquiries.pictures[k];
    return html`<tr><td class="inquiry">${inquiry ? imageTag(inquiry, `Inquiry ${k}`) : `${k}`}</td>${sets.map((set) => groupOf(set, k, images))}</tr>\n`;
  });
  const head = html`<th scope="col">Inquiry</th>${sets.map((set) => headOf(set, images))}`;
  return [{ figure: { caption, content: facesTable(head, rows, facesSize(sets.length * images)) } }];
};

/** A table of a set that shares no inquiry with the others. */
const ownPart = (set: SubjectSet, { images, sets }: Subjects): Part => {
  const beside = sets.length > 0 ? ' They are not those of the rows above: no inquiry joins them.' : '';
  const rows = set.rows.map(
    ({ identity }) => html`<tr><td class="identity">${identity}</td>${groupOf(set, identity, images)}</tr>\n`,
  );
  const head = html`<th scope="col">Identity</th>${headOf(set, images)}`;
  return {
    figure: {
      caption: `${set.label}: identities of its own, a row each by identity number, and their first images, unselected.${beside}`,
      content: facesTable(head, rows, facesSize(Math.max(1, sets.length) * images)),
    },
  };
};

const facesTable = (head: Html, rows: readonly Html[], size: string): Html =>
  scrolling(html`<table class="faces subjects ${size}">
<thead><tr>${head}</tr></thead>
<tbody>${rows}</tbody></table>`);

const headOf = ({ label }: SubjectSet, images: number): Html =>
  html`<th scope="colgroup" class="set" colspan="${images}">${label}</th>`;

/** The images of one identity; empty cells where a set has fewer. */
const groupOf = ({ label, rows }: SubjectSet, k: number, images: number): Html => {
  const pictures = rows.find(({ identity }) => identity === k)?.pictures ?? [];
  return html`${Array.from({ length: images }, (_, i) => cellOf(pictures[i], i === 0, `${label}: identity ${k}, image ${i}`))}`;
};

const cellOf = (picture: Picture | undefined, isFirst: boolean, alt: string): Html =>
  html`<td${isFirst ? html` class="set"` : ''}>${picture ? imageTag(picture, alt) : ''}</td>`;
