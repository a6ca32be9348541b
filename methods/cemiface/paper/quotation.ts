import type { ReadQuotation } from '../../../report/blocks/paper/quotation.ts';
import { benchmarkName, count, fixed, plain } from '../../../report/format.ts';
import { type Cell, missing, type TableModel } from '../../../report/table.ts';
import { type PaperResults, readResults } from './results.ts';

/** The CemiFace paper's tables 6, 11 and 7. */
export const quotation: ReadQuotation = async () => {
  const paper = await readResults();
  return {
    artifact: paper.artifact,
    what: 'the paper’s results, as cemiflow quotes them (a file, not an artifact)',
    tables: [comparisonTable(paper), sweepTable(paper), similarityTable(paper)],
    results: { file: 'results.yaml', data: paper.data, benchmarks: paper.benchmarks },
    comparison: paper.comparison.map(({ method, loss, volume, reproduced = false, avg, gtr }, i) => ({
      ...{ artifact: paper.artifact, at: `results.yaml#/table6_comparison/${i}` },
      ...{ method, volume, reproduced, average: avg, gap: gtr },
      ...(loss === undefined ? {} : { loss }),
    })),
  };
};

const methodNames: { readonly [method: string]: string } = {
  'casia-webface': 'CASIA-WebFace (real)',
  synface: 'SynFace',
  digiface: 'DigiFace-1M',
  'idiff-face': 'IDiff-Face',
  dcface: 'DCFace',
  cemiface: 'CemiFace',
};
const methodName = (method: string): string => methodNames[method] ?? method;

const sourceColumn = { label: 'Source', numeric: false };

/** Cells of numbers quoted from the paper's file. */
const cellsOf = ({ artifact }: PaperResults) => ({
  number: (value: number): Cell => ({ text: fixed(value, 2), artifacts: [artifact] }),
  text: (text: string): Cell => ({ text, artifacts: [artifact] }),
  source: { text: '', artifacts: [artifact], source: true } satisfies Cell,
});

const benchmarkColumns = ({ benchmarks }: PaperResults) =>
  benchmarks.map((set) => ({ label: benchmarkName(set), numeric: true }));

const comparisonTable = (paper: PaperResults): TableModel => {
  const { number, text, source } = cellsOf(paper);
  return {
    id: 'paper-comparison',
    caption:
      "As reported in the paper (its table 6), comparable in absolute value only where data and scale are the paper's",
    columns: [
      { label: 'Trained on', numeric: false },
      { label: 'Volume', numeric: true },
      ...benchmarkColumns(paper),
      { label: 'Average', numeric: true },
      { label: 'GtR', numeric: true },
      sourceColumn,
    ],
    rows: paper.comparison.map((row) => ({
      reference: row.gtr === 0,
      cells: [
        {
          text: `${methodName(row.method)}${row.loss ? `, ${row.loss === 'adaface' ? 'AdaFace' : 'CosFace'}` : ''}${row.reproduced ? ' †' : ''}`,
        },
        text(row.volume),
        ...row.acc.map(number),
        number(row.avg),
        row.gtr === null ? missing : number(row.gtr),
        source,
      ],
    })),
    notes: [`† Reproduced by the paper’s authors under their own settings. Quoted from: ${paper.source}.`],
  };
};

const sweepTable = (paper: PaperResults): TableModel => {
  const { number, source } = cellsOf(paper);
  return {
    id: 'paper-sweep',
    caption:
      "As reported in the paper (its table 11: 10,000 identities × 10 images), comparable in absolute value only where data and scale are the paper's",
    columns: [
      { label: 'm', numeric: true },
      ...benchmarkColumns(paper),
      { label: 'Average', numeric: true },
      sourceColumn,
    ],
    rows: paper.sweep.map((row) => ({
      cells: [{ text: `${plain(row.m)}${row.suspect ? ' ‡' : ''}` }, ...row.acc.map(number), number(row.avg), source],
    })),
    notes: ['‡ Repeats the row for m = −1 digit for digit in the print, so probably an error there.'],
  };
};

const similarityTable = (paper: PaperResults): TableModel => {
  const { number, text, source } = cellsOf(paper);
  return {
    id: 'paper-similarity',
    caption:
      "As reported in the paper (its table 7: similarity to the inquiry image), comparable in absolute value only where data and scale are the paper's",
    columns: [
      { label: 'Generated set', numeric: false },
      { label: 'Mean ± std, %', numeric: true },
      ...paper.similarity.bins.map((bin) => ({
        label: bin,
        numeric: true,
        title: `identities with a mean similarity of ${bin}`,
      })),
      sourceColumn,
    ],
    rows: paper.similarity.rows.map((row) => ({
      cells: [
        { text: methodName(row.method) },
        { ...number(row.avg_sim), spread: fixed(row.std, 2) },
        ...row.identities.map((n) => text(count(n))),
        source,
      ],
    })),
    notes: [],
  };
};
