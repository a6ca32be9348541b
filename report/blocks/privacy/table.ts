import type { SearchRates } from '../../../metrics/privacy.ts';
import type { Proportion } from '../../../metrics/proportions.ts';
import { spreadNote } from '../../axes.ts';
import { count, fixed, percent } from '../../format.ts';
import { readFrom } from '../../sources.ts';
import { type Cell, missing, sourceCell, sourceColumn, type TableModel } from '../../table.ts';
import { type Nearness, overRuns, type PrivacyRow } from './read.ts';
import { statements } from './statement.ts';

type Probe = 'identities' | 'images';
type Column = TableModel['columns'][number];

/** How often a search for an identity, by the mean of its images, returns somebody. */
export const identityTable = (rows: readonly PrivacyRow[]): TableModel => {
  const withOwn = rows.some(({ runs }) => runs.some(({ ownInquiry }) => ownInquiry !== undefined));
  return {
    id: 'privacy',
    caption: 'Searches in a gallery of people: generated identities and strangers, by the mean of their images',
    columns: [
      { label: 'Generated set', numeric: false },
      ...(withRuns(rows) ? [runsColumn] : []),
      { label: 'Gallery', numeric: true, title: 'people in the gallery' },
      { label: 'Images each', numeric: true, title: 'images of each generated identity and of each stranger' },
      ...rateColumns('Identities'),
      ...(withOwn
        ? [
            { label: 'Nearest is its inquiry, %', numeric: true, title: 'whatever the cosine' },
            { label: 'By chance, %', numeric: true, title: '1 / number of inquiries' },
          ]
        : []),
      sourceColumn,
    ],
    rows: rows.map((row) => ({
      cells: [
        ...headOf(row, withRuns(rows)),
        number(row, 'realIdentities', (run) => run.realIdentities, whole),
        number(row, 'imagesPerIdentity', (run) => run.imagesPerIdentity, whole),
        ...rateCells(row, 'identities'),
        ...(withOwn ? ownCells(row) : []),
        sourceCell(...row.runs),
      ],
    })),
    notes: [
      ...rows.flatMap(statements),
      'A search returns somebody if the cosine to the nearest person of the gallery is strictly above the threshold. Half of the strangers set the threshold; the rate of strangers is that of the other half. In brackets: 95 % intervals (Wilson; of a difference, Newcombe’s hybrid). An interval of the difference that holds 0 does not show that there is none: its ends say how large it may be. Each row stands for itself: the intervals are not widened for the number of rows.',
      'What this does not prove: it is one recognizer, one gallery and one threshold. A rate like that of strangers does not show that no image repeats a photo or shows a person of the gallery, and nothing is said of people outside of it. A higher rate may also come from what images share beside the person, such as how they are photographed: strangers must be photographed as the generator’s training images are. A lower rate may come from poor images, which are far from everybody.',
      ...(withOwn
        ? ['Nearest is its inquiry: identities whose nearest person of the gallery is the photo they were made from.']
        : []),
      ...spreadNotes(rows),
    ],
  };
};

/** The same for single images. */
export const imageTable = (rows: readonly PrivacyRow[]): TableModel => ({
  id: 'privacy-images',
  caption: 'Searches in a gallery of people: single images',
  columns: [
    { label: 'Generated set', numeric: false },
    ...(withRuns(rows) ? [runsColumn] : []),
    ...rateColumns('Images'),
    sourceColumn,
  ],
  rows: rows.map((row) => ({
    cells: [...headOf(row, withRuns(rows)), ...rateCells(row, 'images'), sourceCell(...row.runs)],
  })),
  notes: [
    'Single images have a threshold of their own, set by single images of strangers. Images of one identity are alike: the intervals use the effective number of images (design effect).',
    ...spreadNotes(rows),
  ],
});

const withRuns = (rows: readonly PrivacyRow[]): boolean => rows.some(({ runs }) => runs.length > 1);
const runsColumn: Column = { label: 'Runs', numeric: true, title: 'how many runs the means are taken over' };

const spreadNotes = (rows: readonly PrivacyRow[]): string[] =>
  withRuns(rows)
    ? [`${spreadNote([...new Set(rows.flatMap(({ meanOver }) => meanOver))])} Intervals are given for single runs.`]
    : [];

const rateColumns = (probes: string): Column[] => [
  { label: 'Threshold', numeric: true, title: 'cosine above which a search returns somebody' },
  {
    label: 'Strangers above, %',
    numeric: true,
    title: 'false positive identification rate of the strangers who did not set the threshold',
  },
  { label: `${probes} above, %`, numeric: true, title: 'share of generated ones for whom a search returns somebody' },
  { label: 'Difference, points', numeric: true, title: 'generated minus strangers, percentage points' },
];

const headOf = (row: PrivacyRow, counted: boolean): Cell[] => [
  { text: row.label },
  ...(counted ? [{ text: count(row.runs.length), ...readFrom(...row.runs), at: row.runs.map(() => 'manifest') }] : []),
];

const rateCells = (row: PrivacyRow, probe: Probe): Cell[] => {
  const rates = (run: Nearness): SearchRates => run[probe];
  return [
    number(
      row,
      `${probe}/threshold`,
      (run) => rates(run).threshold,
      (value) => fixed(value, 3),
    ),
    proportion(row, `${probe}/strangers`, (run) => rates(run).strangers),
    proportion(row, `${probe}/generated`, (run) => rates(run).generated),
    ranged(row, `${probe}/difference/value`, (run) => {
      const { value, lowest, highest } = rates(run).difference;
      return { value, lowest, highest };
    }),
  ];
};

const ownCells = (row: PrivacyRow): Cell[] => {
  if (row.runs.some(({ ownInquiry }) => ownInquiry === undefined)) return [missing, missing];
  type Own = NonNullable<Nearness['ownInquiry']>;
  return [
    proportion(row, 'ownInquiry/nearest', ({ ownInquiry }) => (ownInquiry as Own).nearest),
    number(
      row,
      'ownInquiry/chance',
      ({ ownInquiry }) => (ownInquiry as Own).chance,
      (value) => percent(value, 1),
    ),
  ];
};

const whole = (value: number): string => (Number.isInteger(value) ? count(value) : fixed(value, 1));

const proportion = (row: PrivacyRow, pointer: string, of: (run: Nearness) => Proportion): Cell =>
  ranged(row, `${pointer}/share`, (run) => {
    const { share, lowest, highest } = of(run);
    return { value: share, lowest, highest };
  });

/** A share in percent, with its interval where the row is one run. */
const ranged = (
  row: PrivacyRow,
  pointer: string,
  of: (run: Nearness) => { readonly value: number; readonly lowest: number; readonly highest: number },
): Cell => {
  const cell = number(
    row,
    pointer,
    (run) => of(run).value,
    (value) => percent(value, 1),
  );
  const [run, ...others] = row.runs;
  if (!run || others.length > 0) return cell;
  const { lowest, highest } = of(run);
  return { ...cell, text: `${cell.text} [${percent(lowest, 1)}, ${percent(highest, 1)}]` };
};

const number = (
  row: PrivacyRow,
  pointer: string,
  of: (run: Nearness) => number,
  print: (value: number) => string,
): Cell => {
  const { mean, std } = overRuns(row, of);
  const at = row.runs.map(() => `metrics.json#/${pointer}`);
  return { text: print(mean), ...(std === undefined ? {} : { spread: print(std) }), ...readFrom(...row.runs), at };
};
