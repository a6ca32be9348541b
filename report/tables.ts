import type { Digest } from '../core/digest.ts';
import { benchmarkName, count, fixed, percent, plain, significant } from './format.ts';
import type { AccuracyRow, PrivacyRow, Read, ReportModel, SimilarityGroup, TrainingLog } from './model.ts';
import type { PaperResults } from './paper/paper.ts';

/** A table as data: the page and the Markdown are written from the same one. */
export interface TableModel {
  readonly id: string;
  readonly caption: string;
  /** The first column names the row. */
  readonly columns: readonly { readonly label: string; readonly numeric: boolean; readonly title?: string }[];
  readonly rows: readonly TableRow[];
  readonly notes: readonly string[];
  /** Numbers of others, quoted: shown apart from ours. */
  readonly quoted?: boolean;
}

export interface TableRow {
  readonly cells: readonly Cell[];
  readonly reference?: boolean;
}

export interface Cell {
  readonly text: string;
  /** Printed after ±, smaller. */
  readonly spread?: string;
  /** The artifacts that this cell's number was computed from. */
  readonly artifacts?: readonly Digest[];
  /** The place in the report's parameters that names each of them; none for quotations. */
  readonly inputs?: readonly string[];
  /** Where in each of them: `metrics.json#/sets/lfw/accuracy`. */
  readonly at?: readonly string[];
  /** The best of its column. */
  readonly best?: boolean;
  /** Not of the artifact that the row's source names: where there are no links, the cell names its own. */
  readonly linked?: boolean;
  /** This cell names its artifacts, as links to where they are listed. */
  readonly source?: boolean;
}

const missing: Cell = { text: '–' };

/** Of what a number was computed from. */
export const readFrom = (...read: readonly Read[]): { readonly artifacts: Digest[]; readonly inputs: string[] } => ({
  artifacts: read.map(({ artifact }) => artifact),
  inputs: read.map(({ input }) => input),
});

export const accuracyTable = (model: ReportModel): TableModel => {
  const reference = model.accuracy.find((row) => row.reference);
  const synthetic = model.accuracy.filter((row) => row.generated);
  const best = (of: (row: AccuracyRow) => number | undefined): number =>
    Math.max(...synthetic.map((row) => of(row) ?? Number.NEGATIVE_INFINITY));
  const bestOf = new Map(model.sets.map((set) => [set, best((row) => row.sets[set]?.accuracy)]));
  const bestAverage = best((row) => row.average);
  const withVolume = model.accuracy.some((row) => row.volume);
  const contest = synthetic.length > 1;
  const notes = [
    'Accuracy of 1:1 verification in percent, mean ± standard deviation over the folds; average: the mean of the sets.',
  ];
  if (reference) {
    notes.push(`GtR (gap to real): the average of “${reference.label}” minus the row’s, in percentage points.`);
  }
  if (contest) notes.push('Bold: the best of its column, real data left out.');
  if (withVolume) notes.push('Volume: identities × images of each in the training set.');
  if (model.note) notes.push(model.note);
  return {
    id: 'accuracy',
    caption: 'Verification accuracy of recognizers, by what they were trained on',
    columns: [
      { label: 'Trained on', numeric: false },
      ...(withVolume ? [{ label: 'Volume', numeric: true, title: 'identities × images of each' }] : []),
      ...model.sets.map((set) => ({ label: benchmarkName(set), numeric: true })),
      { label: 'Average', numeric: true },
      ...(reference ? [{ label: 'GtR', numeric: true, title: 'gap to real, percentage points' }] : []),
      { label: 'Source', numeric: false },
    ],
    rows: model.accuracy.map((row) => ({
      reference: row.reference,
      cells: [
        { text: row.label },
        ...(withVolume ? [volumeCell(row)] : []),
        ...model.sets.map((set) =>
          accuracyCell(set, row, contest && isBest(row, row.sets[set]?.accuracy, bestOf.get(set))),
        ),
        {
          text: percent(row.average),
          ...readFrom(row),
          at: [averageAt],
          best: contest && isBest(row, row.average, bestAverage),
        },
        ...(reference ? [gapCell(row, reference)] : []),
        { text: '', ...readFrom(row), source: true },
      ],
    })),
    notes,
  };
};

const isBest = (row: AccuracyRow, value: number | undefined, best: number | undefined): boolean =>
  row.generated && value !== undefined && value === best;

/** Where the mean over all sets stands. */
export const averageAt = 'metrics.json#/average';

const accuracyCell = (name: string, row: AccuracyRow, best: boolean): Cell => {
  const set = row.sets[name];
  if (set === undefined) return missing;
  const at = [`metrics.json#/sets/${name}/accuracy`];
  return { text: percent(set.accuracy), spread: percent(set.std), ...readFrom(row), at, best };
};

const volumeCell = (row: AccuracyRow): Cell => {
  if (!row.volume) return missing;
  const { identities, images } = row.volume;
  const each = images / identities;
  const text = Number.isInteger(each)
    ? `${count(identities)} × ${count(each)}`
    : `${count(identities)}; ${count(images)} in all`;
  return { text, ...readFrom(row.volume), at: ['manifest#/meta/images'], linked: true };
};

const gapCell = (row: AccuracyRow, reference: AccuracyRow): Cell =>
  row.gapToReal === undefined
    ? { text: row.reference ? '0.00' : '–', ...readFrom(reference), at: [averageAt] }
    : { text: percent(row.gapToReal), ...readFrom(reference, row), at: [averageAt, averageAt] };

/** Where the mean similarity stands. */
export const meanAt = 'metrics.json#/mean';

/** One table for each recognizer: mean ± std of the similarity, and the paper's table 7. */
export const similarityTable = (group: SimilarityGroup, id: string): TableModel => {
  const labels = group.rows.find((row) => row.bins)?.bins?.labels ?? [];
  return {
    id,
    caption: `Similarity of generated images to their inquiry image, by ${group.label}`,
    columns: [
      { label: 'Generated set', numeric: false },
      { label: 'Mean ± std', numeric: true },
      ...labels.map((label) => ({ label, numeric: true, title: `identities with a mean similarity of ${label}` })),
      { label: 'Source', numeric: false },
    ],
    rows: group.rows.map((row) => ({
      cells: [
        { text: row.label },
        { text: fixed(row.mean, 3), spread: fixed(row.std, 3), ...readFrom(row), at: [meanAt] },
        ...labels.map((_, i): Cell => {
          const n = row.bins?.identities[i];
          const at = [`metrics.json#/bins/identities/${i}`];
          return n === undefined ? missing : { text: count(n), ...readFrom(row), at };
        }),
        { text: '', ...readFrom(row), source: true },
      ],
    })),
    notes: [
      'Cosine similarity, mean and standard deviation over all images of the set.',
      ...(labels.length > 0
        ? ['The other columns count identities by their mean similarity, as the paper’s table 7 does.']
        : []),
    ],
  };
};

/** How near each generated set comes to real people. */
export const privacyTable = (rows: readonly PrivacyRow[]): TableModel => {
  const withOwn = rows.some(({ ownInquiry }) => ownInquiry !== undefined);
  return {
    id: 'privacy',
    caption: 'Generated identities and the real identity nearest to each, by embedding',
    columns: [
      { label: 'Generated set', numeric: false },
      { label: 'Real identities', numeric: true },
      { label: 'Nearest, mean', numeric: true, title: 'mean cosine of a generated identity to the nearest real one' },
      { label: 'Nearest, highest', numeric: true },
      { label: 'Threshold', numeric: true, title: 'cosine above which the recognizer judges a match' },
      { label: 'Identities above', numeric: true },
      { label: 'Images above, %', numeric: true },
      ...(withOwn ? [{ label: 'Nearest is its inquiry', numeric: true }] : []),
      { label: 'Source', numeric: false },
    ],
    rows: rows.map((row) => {
      const cell = (text: string, pointer: string): Cell => ({
        text,
        ...readFrom(row),
        at: [`metrics.json#/${pointer}`],
      });
      return {
        cells: [
          { text: row.label },
          cell(count(row.realIdentities), 'realIdentities'),
          cell(fixed(row.mean, 3), 'mean'),
          cell(fixed(row.highest, 3), 'highest'),
          cell(fixed(row.threshold, 3), 'threshold'),
          cell(`${count(row.identities.count)} (${percent(row.identities.share, 1)} %)`, 'identities/count'),
          cell(percent(row.images.share, 1), 'images/share'),
          ...(withOwn
            ? [row.ownInquiry === undefined ? missing : cell(count(row.ownInquiry), 'ownInquiry/nearest')]
            : []),
          { text: '', ...readFrom(row), source: true },
        ],
      };
    }),
    notes: [
      `An identity stands for the mean of its images’ embeddings; an image is compared with the same means of real people. Threshold: of ${listed(rows.map(({ set }) => benchmarkName(set)))}, the mean over folds, as a cosine.`,
      ...(withOwn
        ? ['Nearest is its inquiry: identities whose nearest real one is the photo they were made from.']
        : []),
    ],
  };
};

const listed = (names: readonly string[]): string => [...new Set(names)].join(', ');

/** The first and last value of every logged series. */
export const trainingTable = (model: ReportModel): TableModel => ({
  id: 'training-values',
  caption: 'Logged values at the first and the last step of each training',
  columns: [
    { label: 'Training', numeric: false },
    { label: 'Value', numeric: false },
    { label: 'Steps', numeric: true },
    { label: 'First', numeric: true },
    { label: 'Last', numeric: true },
    { label: 'Source', numeric: false },
  ],
  rows: model.training.flatMap((log) =>
    log.series.map((series) => ({
      cells: [
        { text: log.label },
        { text: series.name },
        logged(log, series, 'steps', series.steps.length - 1, count),
        logged(log, series, 'values', 0, significant),
        logged(log, series, 'values', series.values.length - 1, significant),
        { text: '', ...readFrom(log), source: true },
      ],
    })),
  ),
  notes: [],
});

const logged = (
  log: TrainingLog,
  series: TrainingLog['series'][number],
  list: 'steps' | 'values',
  index: number,
  print: (value: number) => string,
): Cell => ({
  text: print(series[list][index] ?? 0),
  ...readFrom(log),
  at: [`metrics.json#/series/${pointerSegment(series.name)}/${list}/${index}`],
});

/** RFC 6901. */
const pointerSegment = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1');

const methodNames: { readonly [method: string]: string } = {
  'casia-webface': 'CASIA-WebFace (real)',
  synface: 'SynFace',
  digiface: 'DigiFace-1M',
  'idiff-face': 'IDiff-Face',
  dcface: 'DCFace',
  cemiface: 'CemiFace',
};
const methodName = (method: string): string => methodNames[method] ?? method;

export const paperComparisonTable = (paper: PaperResults): TableModel => ({
  id: 'paper-comparison',
  caption: 'As reported in the paper (its table 6), other data: not comparable in absolute value',
  columns: [
    { label: 'Trained on', numeric: false },
    { label: 'Volume', numeric: true },
    ...paper.benchmarks.map((set) => ({ label: benchmarkName(set), numeric: true })),
    { label: 'Average', numeric: true },
    { label: 'GtR', numeric: true },
    { label: 'Source', numeric: false },
  ],
  rows: paper.comparison.map((row) => ({
    reference: row.gtr === 0,
    cells: [
      {
        text: `${methodName(row.method)}${row.loss ? `, ${row.loss === 'adaface' ? 'AdaFace' : 'CosFace'}` : ''}${row.reproduced ? ' †' : ''}`,
      },
      { text: row.volume, artifacts: [paper.artifact] },
      ...row.acc.map((value): Cell => ({ text: fixed(value, 2), artifacts: [paper.artifact] })),
      { text: fixed(row.avg, 2), artifacts: [paper.artifact] },
      row.gtr === null ? missing : { text: fixed(row.gtr, 2), artifacts: [paper.artifact] },
      { text: '', artifacts: [paper.artifact], source: true },
    ],
  })),
  notes: [`† Reproduced by the paper’s authors under their own settings. Quoted from: ${paper.source}.`],
  quoted: true,
});

export const paperSweepTable = (paper: PaperResults): TableModel => ({
  id: 'paper-sweep',
  caption:
    'As reported in the paper (its table 11: 10,000 identities × 10 images), other data: not comparable in absolute value',
  columns: [
    { label: 'm', numeric: true },
    ...paper.benchmarks.map((set) => ({ label: benchmarkName(set), numeric: true })),
    { label: 'Average', numeric: true },
    { label: 'Source', numeric: false },
  ],
  rows: paper.sweep.map((row) => ({
    cells: [
      { text: `${plain(row.m)}${row.suspect ? ' ‡' : ''}` },
      ...row.acc.map((value): Cell => ({ text: fixed(value, 2), artifacts: [paper.artifact] })),
      { text: fixed(row.avg, 2), artifacts: [paper.artifact] },
      { text: '', artifacts: [paper.artifact], source: true },
    ],
  })),
  notes: ['‡ Repeats the row for m = −1 digit for digit in the print, so probably an error there.'],
  quoted: true,
});

export const paperSimilarityTable = (paper: PaperResults): TableModel => ({
  id: 'paper-similarity',
  caption:
    'As reported in the paper (its table 7: similarity to the inquiry image), other data: not comparable in absolute value',
  columns: [
    { label: 'Generated set', numeric: false },
    { label: 'Mean ± std, %', numeric: true },
    ...paper.similarity.bins.map((bin) => ({
      label: bin,
      numeric: true,
      title: `identities with a mean similarity of ${bin}`,
    })),
    { label: 'Source', numeric: false },
  ],
  rows: paper.similarity.rows.map((row) => ({
    cells: [
      { text: methodName(row.method) },
      { text: fixed(row.avg_sim, 2), spread: fixed(row.std, 2), artifacts: [paper.artifact] },
      ...row.identities.map((n): Cell => ({ text: count(n), artifacts: [paper.artifact] })),
      { text: '', artifacts: [paper.artifact], source: true },
    ],
  })),
  notes: [],
  quoted: true,
});
