import { plural } from '../../../core/words.ts';
import type { MappedPoints, MappedSet } from '../../../metrics/tsne/metrics.ts';
import type { Block } from '../../block.ts';
import { type Html, html } from '../../html.ts';
import { scatterChart } from '../../svg/scatter-chart.ts';
import { type ReadMap, readMaps, type TsneParams } from './read.ts';
import { mapTable } from './table.ts';

/** Embeddings in two dimensions: whether images of one identity lie together, and around what they were made from. */
export const block: Block<TsneParams, ReadMap[]> = {
  order: 45,
  style: `.maps{display:grid;grid-template-columns:repeat(auto-fit,minmax(250px,1fr));gap:20px 28px}
.maps .panel{max-width:420px}
.maps .mark{paint-order:stroke}
.maps .mark.star{stroke:var(--ink)}
`,
  read: readMaps,
  draw: (maps) => ({
    section: {
      id: 'tsne-section',
      title: 'Embeddings of identities',
      intro:
        't-SNE (van der Maaten and Hinton 2008) places images that are near each other in the embedding space near each other in a plane. It shows which images are neighbours; how large groups are and how far they lie apart says little, and the axes have no unit.',
    },
    parts: [
      ...maps.map((map, i) => ({ figure: { caption: captionOf(map), content: panels(map, `tsne-${i + 1}`) } })),
      { table: mapTable(maps) },
    ],
  }),
  // The points are those of the metrics.
  numbers: (maps) =>
    maps.map(({ inquiries: _, sets, ...map }) => ({ ...map, sets: sets.map(({ label, data }) => ({ label, data })) })),
};

const captionOf = ({ label, sets, inquiries }: ReadMap): string =>
  [
    `${label}: ${sets.length > 1 ? 'one map of all sets, a panel for each of them' : 'a map'}.`,
    'Each colour and shape is one identity of the set, each point an image.',
    ...(inquiries.length > 0 ? ['Stars: what the identity was generated from.'] : []),
  ].join(' ');

const panels = (map: ReadMap, id: string): Html => {
  const all = [...map.sets, ...map.inquiries];
  const values = all.flatMap(({ x, y }) => [...x, ...y]);
  const domain = [Math.min(...values), Math.max(...values)] as const;
  // By the identity's place among all of the map, so that equal identities look alike in each panel.
  const identities = [...new Set(all.flatMap(({ identity }) => identity))].sort((a, b) => a - b);
  return html`<div class="maps">${map.sets.map((set, i) => {
    const asked = set.inquiries === undefined ? undefined : map.inquiries[set.inquiries];
    return html`<div class="panel"><p class="panel-title">${set.label}</p>${scatterChart({
      id: `${id}-${i + 1}`,
      title: `t-SNE of embeddings: ${set.label}`,
      description: descriptionOf(set, asked),
      artifact: map.artifact,
      domain,
      groups: [...new Set(set.identity)].map((identity) => ({
        title: `identity ${identity}`,
        style: identities.indexOf(identity),
        points: pointsOf(set, identity),
        ...(asked && { stars: pointsOf(asked, identity) }),
      })),
    })}</div>`;
  })}</div>`;
};

const descriptionOf = ({ identity }: MappedSet, asked: MappedPoints | undefined): string => {
  const identities = plural(new Set(identity).size, 'identity', 'identities');
  return `${plural(identity.length, 'image')} of ${identities}${asked ? ', and the inquiry of each' : ''}`;
};

const pointsOf = ({ identity, x, y }: MappedPoints, wanted: number): (readonly [number, number])[] =>
  identity.flatMap((each, i) => (each === wanted ? [[x[i] as number, y[i] as number] as const] : []));
