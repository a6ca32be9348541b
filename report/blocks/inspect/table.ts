import { distinctName, printable, quotedName } from '../../../core/printable.ts';
import { firstFew, plural } from '../../../core/words.ts';
import type { InspectedIdentity, Overlap } from '../../../metrics/inspection.ts';
import { count, fixed } from '../../format.ts';
import { readFrom } from '../../sources.ts';
import { type Cell, missing, sourceCell, sourceColumn, type TableModel } from '../../table.ts';
import { type InspectRow, nameOf } from './read.ts';

/** Photos and people that are there twice: within each set, and between it and others. */
export const overlapTable = (rows: readonly InspectRow[]): TableModel => ({
  id: 'inspect',
  caption: 'Photos and people that are in a set twice, or in another set as well',
  columns: [
    { label: 'Set', numeric: false },
    { label: 'Compared with', numeric: false },
    { label: 'Equal files', numeric: true, title: 'images whose file is there before, or in the other set' },
    { label: 'Equal pixels', numeric: true, title: 'the same by decoded pixels' },
    { label: 'Pairs by photo', numeric: true, title: 'pairs of identities that share photos' },
    { label: 'Threshold', numeric: true, title: 'cosine above which two identities count as one person' },
    { label: 'People', numeric: true, title: 'identities of the set with a counterpart above the threshold' },
    { label: 'Pairs by face', numeric: true, title: 'pairs of identities above the threshold' },
    { label: 'Highest cosine', numeric: true },
    sourceColumn,
  ],
  rows: rows.flatMap((row) => [
    overlapRow(row, 'itself', row.within, '/within'),
    ...row.others.map((other, i) => overlapRow(row, printable(nameOf(other)), other, `/others/${i}`)),
  ]),
  notes: [
    ...rows.flatMap((row) => [
      ...notesOf(`${row.label}, within the set`, row.within),
      ...row.others.flatMap((other) => notesOf(`${row.label} and ${nameOf(other)}`, other)),
    ]),
    'Photos are compared by 64 bits of SHA-256. People are compared by the means of their images’ embeddings, by one recognizer: a pair above the threshold is likely one person, and one below it may still be.',
  ],
});

/** How many images identities have. */
export const countTable = (rows: readonly InspectRow[]): TableModel => ({
  id: 'inspect-counts',
  caption: 'Images of each identity',
  columns: [
    { label: 'Set', numeric: false },
    { label: 'Identities', numeric: true },
    { label: 'Images', numeric: true },
    { label: 'Fewest', numeric: true },
    { label: 'Median', numeric: true },
    { label: 'Most', numeric: true },
    { label: 'Empty', numeric: true, title: 'named identities without any image' },
    { label: 'Near-empty', numeric: true, title: 'identities with fewer images than the inspection asks for' },
    sourceColumn,
  ],
  rows: rows.map((row) => ({
    cells: [
      { text: row.label },
      number(row, '/identities', row.identities),
      number(row, '/images', row.images),
      number(row, '/imagesPerIdentity/min', row.imagesPerIdentity.min),
      number(row, '/imagesPerIdentity/median', row.imagesPerIdentity.median),
      number(row, '/imagesPerIdentity/max', row.imagesPerIdentity.max),
      number(row, '/empty/count', row.empty.count),
      number(row, '/nearEmpty/count', row.nearEmpty.count),
      sourceCell(row),
    ],
  })),
  notes: rows.flatMap(({ label, empty, nearEmpty }) => [
    ...(empty.count > 0
      ? [`${label}: without any image ${firstFew(empty.names.map(quotedName), empty.count, { between: ', ' })}.`]
      : []),
    ...(nearEmpty.count > 0
      ? [
          `${label}: fewer than ${plural(nearEmpty.minImages, 'image')} ${firstFew(
            nearEmpty.listed.map((each) => `${identityText(each)} (${each.images})`),
            nearEmpty.count,
            { between: ', ' },
          )}.`,
        ]
      : []),
  ]),
});

/** An identity as people know it. */
export const identityText = ({ identity, name }: InspectedIdentity): string =>
  name === undefined ? `identity ${identity}` : distinctName(name);

const overlapRow = (row: InspectRow, other: string, overlap: Overlap, at: string) => {
  const { samePerson } = overlap;
  const people = (field: 'identities' | 'pairs'): Cell =>
    samePerson ? number(row, `${at}/samePerson/${field}`, samePerson[field]) : missing;
  return {
    cells: [
      { text: row.label },
      { text: other },
      number(row, `${at}/bytes`, overlap.bytes),
      number(row, `${at}/pixels`, overlap.pixels),
      number(row, `${at}/identityPairs`, overlap.identityPairs),
      row.threshold === undefined ? missing : number(row, '/threshold', row.threshold, cosine),
      people('identities'),
      people('pairs'),
      samePerson?.highest === undefined ? missing : number(row, `${at}/samePerson/highest`, samePerson.highest, cosine),
      sourceCell(row),
    ],
  };
};

const cosine = (value: number): string => fixed(value, 3);

const number = (row: InspectRow, at: string, value: number, text: (value: number) => string = count): Cell => ({
  text: text(value),
  ...readFrom(row),
  at: [`metrics.json#${at}`],
});

const notesOf = (where: string, { samePhoto, identityPairs, samePerson }: Overlap): string[] => [
  ...(identityPairs > 0
    ? [
        `${printable(where)}: the same photo is under two identities, ${firstFew(
          samePhoto.map(({ left, right, images }) => `${both(left, right)} (${plural(images, 'image')})`),
          identityPairs,
        )}.`,
      ]
    : []),
  ...(samePerson && samePerson.pairs > 0
    ? [
        `${printable(where)}: likely one person, ${firstFew(
          samePerson.listed.map((pair) => `${both(pair.left, pair.right)} (${cosine(pair.cosine)})`),
          samePerson.pairs,
        )}.`,
      ]
    : []),
];

const both = (left: InspectedIdentity, right: InspectedIdentity): string =>
  `${identityText(left)} and ${identityText(right)}`;
