import { peopleWords } from '../../../artifacts/codecs/dataset.ts';
import { distinctName, printable, quotedName } from '../../../core/printable.ts';
import { firstFew, plural } from '../../../core/words.ts';
import { count } from '../../format.ts';
import { readFrom } from '../../sources.ts';
import { type Cell, sourceCell, sourceColumn, type TableModel } from '../../table.ts';
import type { SetRow } from './read.ts';

/** Sizes of sets, and what their manifests state beside. Only sizes are numbers that an audit counts again. */
export const setsTable = (rows: readonly SetRow[]): TableModel => ({
  id: 'sets',
  caption: 'Sets of images, as their manifests state them',
  columns: [
    { label: 'Set', numeric: false },
    { label: 'Identities', numeric: true },
    { label: 'Images', numeric: true },
    { label: 'Left out', numeric: true, title: 'files that could not be used' },
    { label: 'Transparent', numeric: true, title: 'images with transparent pixels, which are read as black' },
    { label: 'Equal files', numeric: true, title: 'images whose file is that of an earlier one' },
    { label: 'Equal pixels', numeric: true, title: 'images whose decoded pixels are those of an earlier one' },
    { label: 'Under two identities', numeric: true, title: 'images whose pixels are also under another identity' },
    sourceColumn,
  ],
  rows: rows.map((row) => ({
    cells: [
      { text: row.label },
      size(row, row.identities),
      size(row, row.images),
      stated(row.skipped?.count),
      stated(row.transparent),
      stated(row.duplicates?.bytes),
      stated(row.duplicates?.pixels),
      stated(row.duplicates?.acrossIdentities),
      sourceCell(row),
    ],
  })),
  notes: [
    ...rows.flatMap(notesOf),
    'What was left out or is there twice was counted when a set came in from outside. A dash: nothing of the sort, or the set was made here and was not looked at.',
  ],
});

const size = (row: SetRow, value: number): Cell => ({ text: count(value), ...readFrom(row), at: ['manifest'] });

const stated = (value: number | undefined): Cell => ({ text: value === undefined ? '–' : count(value) });

const notesOf = ({ label, peopleShown, licence, source, consent, ...facts }: SetRow): string[] => {
  const said = (what: string, value: string | undefined): string => `${what}: ${printable(value || 'not stated')}`;
  const { skipped, duplicates, similarNames } = facts;
  const name = printable(label);
  return [
    `${name}: ${peopleWords[peopleShown]}; ${said('licence', licence)}; ${said('source', source)}; ${said('consent', consent)}.`,
    ...(skipped
      ? [`${name}: left out ${firstFew(skipped.files.map(quotedName), skipped.count, { between: ', ' })}.`]
      : []),
    ...(duplicates && duplicates.identityPairs > 0
      ? [
          `${name}: the same photo is under two identities, ${firstFew(
            duplicates.pairs.map(
              ({ left, right, images }) =>
                `${distinctName(left)} and ${distinctName(right)} (${plural(images, 'image')})`,
            ),
            duplicates.identityPairs,
          )}. A recognizer that learns from it is taught to tell one person apart from themselves.`,
        ]
      : []),
    ...(similarNames
      ? [
          `${name}: names that differ only in capitals or in how accents are written, ${firstFew(
            similarNames.groups.map((group) => group.map(distinctName).join(' and ')),
            similarNames.count,
          )}.`,
        ]
      : []),
  ];
};
