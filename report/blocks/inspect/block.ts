import { plural } from '../../../core/words.ts';
import type { Block } from '../../block.ts';
import { fixed } from '../../format.ts';
import { type Html, html } from '../../html.ts';
import { imageTag } from '../../pictures.ts';
import { type InspectParams, type InspectRow, readInspections, type ShownPair } from './read.ts';
import { countTable, identityText, overlapTable } from './table.ts';

/** Photos and people that are in a set twice or in two sets, with pictures of the pairs. */
export const block: Block<InspectParams, InspectRow[]> = {
  order: 55,
  style:
    '.pairs figure{margin:0 0 14px}.pairs figcaption{margin-top:3px}.pairs img{height:72px;width:auto;image-rendering:pixelated}\n',
  read: readInspections,
  draw: (rows) => {
    const pictured = rows.filter(({ shown }) => shown.length > 0);
    const figure = {
      caption:
        'Pairs of identities side by side: photos that both have, or the first photos of both. Left of the gap the inspected set.',
      content: html`<div class="pairs">${pictured.map(sheet)}</div>`,
    };
    return {
      section: {
        id: 'inspect-section',
        title: 'Photos and people that are there twice',
        intro:
          'The same photo under two identities, or one person under two names, teaches a recognizer to tell people apart from themselves. Photos or people that a training set shares with a benchmark make accuracy there worthless.',
      },
      parts: [{ table: overlapTable(rows) }, { table: countTable(rows) }, ...(pictured.length > 0 ? [{ figure }] : [])],
    };
  },
};

const sheet = ({ label, shown }: InspectRow): Html =>
  html`<div class="sheet"><p class="panel-title">${label}</p>${shown.map(strip)}</div>`;

const strip = (pair: ShownPair): Html => {
  const how = pair.cosine === undefined ? plural(pair.images ?? 0, 'equal photo') : `cosine ${fixed(pair.cosine, 3)}`;
  const text = `${identityText(pair.left)} and ${identityText(pair.right)} (${pair.among}): ${how}`;
  return html`<figure>${imageTag(pair.picture, text)}<figcaption>${text}</figcaption></figure>\n`;
};
