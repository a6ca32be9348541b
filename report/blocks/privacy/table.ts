import { spreadNote } from '../../axes.ts';
import { benchmarkName, count, fixed, percent } from '../../format.ts';
import { readFrom } from '../../sources.ts';
import { type Cell, missing, sourceCell, sourceColumn, type TableModel } from '../../table.ts';
import { type Nearness, overRuns, type PrivacyRow } from './read.ts';

/** How near each generated set comes to real people. */
export const privacyTable = (rows: readonly PrivacyRow[]): TableModel => {
  const runs = rows.flatMap((row) => row.runs);
  const withOwn = runs.some(({ ownInquiry }) => ownInquiry !== undefined);
  const withRuns = runs.length > rows.length;
  return {
    id: 'privacy',
    caption: 'Generated identities and the real identity nearest to each, by embedding',
    columns: [
      { label: 'Generated set', numeric: false },
      ...(withRuns ? [{ label: 'Runs', numeric: true, title: 'how many runs the means are taken over' }] : []),
      { label: 'Real identities', numeric: true },
      { label: 'Nearest, mean', numeric: true, title: 'mean cosine of a generated identity to the nearest real one' },
      { label: 'Nearest, highest', numeric: true },
      { label: 'Threshold', numeric: true, title: 'cosine above which the recognizer judges a match' },
      { label: 'Identities above', numeric: true },
      { label: 'Images above, %', numeric: true },
      ...(withOwn ? [{ label: 'Nearest is its inquiry', numeric: true }] : []),
      sourceColumn,
    ],
    rows: rows.map((row) => ({
      cells: [
        { text: row.label },
        ...(withRuns
          ? [{ text: count(row.runs.length), ...readFrom(...row.runs), at: row.runs.map(() => 'manifest') }]
          : []),
        ...cellsOf(row, withOwn),
        sourceCell(...row.runs),
      ],
    })),
    notes: [
      `An identity is compared by the mean of its images’ embeddings; an image is compared with the same means of real people. Threshold: of ${namesOf(runs)}, the mean over folds, as a cosine.`,
      ...(withRuns ? [spreadNote([...new Set(rows.flatMap(({ meanOver }) => meanOver))])] : []),
      ...(withOwn
        ? ['Nearest is its inquiry: identities whose nearest real one is the photo they were made from.']
        : []),
    ],
  };
};

const namesOf = (runs: readonly Nearness[]): string =>
  [...new Set(runs.map(({ set }) => benchmarkName(set)))].join(', ');

const cellsOf = (row: PrivacyRow, withOwn: boolean): Cell[] => {
  const cell = (pointer: string, of: (run: Nearness) => number, print: (value: number) => string): Cell => {
    const { mean, std } = overRuns(row, of);
    const at = row.runs.map(() => `metrics.json#/${pointer}`);
    return { text: print(mean), ...(std === undefined ? {} : { spread: print(std) }), ...readFrom(...row.runs), at };
  };
  const cosine = (value: number): string => fixed(value, 3);
  const whole = (value: number): string => (Number.isInteger(value) ? count(value) : fixed(value, 1));
  const share = overRuns(row, ({ identities }) => identities.share).mean;
  const hasOwn = row.runs.every(({ ownInquiry }) => ownInquiry !== undefined);
  const above = cell('identities/count', ({ identities }) => identities.count, whole);
  return [
    cell('realIdentities', (run) => run.realIdentities, whole),
    cell('mean', (run) => run.mean, cosine),
    cell('highest', (run) => run.highest, cosine),
    cell('threshold', (run) => run.threshold, cosine),
    { ...above, text: `${above.text} (${percent(share, 1)} %)` },
    cell(
      'images/share',
      ({ images }) => images.share,
      (value) => percent(value, 1),
    ),
    ...(withOwn ? [hasOwn ? cell('ownInquiry/nearest', (run) => run.ownInquiry as number, whole) : missing] : []),
  ];
};
