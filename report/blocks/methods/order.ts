import { plural } from '../../../core/words.ts';
import type { KeyFigure, Part } from '../../block.ts';
import { cited } from '../../cited.ts';
import { fixed, percent, plain } from '../../format.ts';
import type { Statement } from '../../statement.ts';
import { type Cell, missing, sourceCell, sourceColumn, type TableModel } from '../../table.ts';
import { averageAt, readAt } from '../accuracy/table.ts';
import type { PrintedRow } from '../paper/quotation.ts';
import { type Agreement, agreementOf, ranksOf } from './ranks.ts';
import type { MethodRow } from './row.ts';
import { gapCellOf } from './table.ts';

/** A row that the paper has too. */
type Compared = MethodRow & { readonly printed: PrintedRow };

/** Whether the rows are in the paper's order: nothing where fewer than two of them have a printed row. */
export const orderParts = (
  rows: readonly MethodRow[],
): { readonly parts: Part[]; readonly keyFigures: KeyFigure[] } => {
  const compared = rows.filter((row): row is Compared => row.printed !== undefined);
  if (compared.length < 2) return { parts: [], keyFigures: [] };
  const agreement = agreementOf(
    compared.map(({ average }) => average),
    compared.map(({ printed }) => printed.average),
  );
  const table = rankTable(compared, gapCellOf(rows));
  return {
    parts: [
      { statement: statementOf(table, agreement) },
      { table },
      ...(agreement.turned.length > 0 ? [{ table: turnedTable(compared, agreement) }] : []),
    ],
    keyFigures: [
      {
        ...{ id: 'key.printed-order', value: `${agreement.agreeing} of ${agreement.pairs}` },
        unit: `pairs, τ = ${fixed(agreement.tau, 2)}`,
        what: 'rows in the order of the paper, by average',
        ...readAt(averageAt, ...compared),
      },
    ],
  };
};

const columns = { here: 2, printed: 5, ranks: 7 } as const;

/** Averages and ranks here and in the print. Only rows that the paper has are ranked. */
const rankTable = (rows: readonly Compared[], gapCell: (row: MethodRow) => Cell): TableModel => {
  const ranks = ranksOf(rows.map(({ average }) => average));
  const printedRanks = ranksOf(rows.map(({ printed }) => printed.average));
  const all = readAt(averageAt, ...rows);
  return {
    id: 'methods-ranks',
    caption: 'Ranks by average, here and as the paper prints them',
    columns: [
      { label: 'Trained on', numeric: false },
      { label: 'Average here', numeric: true },
      { label: 'Rank here', numeric: true },
      { label: 'GtR here', numeric: true, title: 'gap to real, percentage points' },
      { label: 'Average printed', numeric: true },
      { label: 'Rank printed', numeric: true },
      { label: 'GtR printed', numeric: true, title: 'gap to real, percentage points' },
      { label: 'Ranks', numeric: true },
      sourceColumn,
    ],
    rows: rows.map((row, i) => {
      const [rank, printedRank] = [ranks[i] as number, printedRanks[i] as number];
      return {
        cells: [
          { text: nameOf(row) },
          {
            text: percent(row.average),
            ...(row.averageStd === undefined ? {} : { spread: percent(row.averageStd) }),
            ...readAt(averageAt, row),
          },
          { text: plain(rank), ...all },
          gapCell(row),
          quoted(row, fixed(row.printed.average, 2), 'avg'),
          quoted(row, plain(printedRank), 'avg'),
          row.printed.gap === null ? missing : quoted(row, fixed(row.printed.gap, 2), 'gtr'),
          { text: verdict(rank - printedRank), ...all },
          sourceCell(...row.runs, { artifact: row.printed.artifact, input: '' }),
        ],
      };
    }),
    notes: [
      'Ranked are the rows that the paper prints too, by average; equal averages share a rank. The paper’s numbers come from its own data and scale: ranks may be compared, averages not. GtR is counted from the reference of each.',
      `Printed rows: ${rows.map((row) => `“${nameOf(row)}” is ${printedName(row.printed)}`).join('; ')}.`,
    ],
  };
};

const nameOf = ({ label, loss }: Pick<MethodRow, 'label' | 'loss'>): string => (loss ? `${label}, ${loss}` : label);

const printedName = ({ method, volume, loss, reproduced }: PrintedRow): string =>
  [method, volume, ...(loss ? [loss] : []), ...(reproduced ? ['reproduced by the paper’s authors'] : [])].join(', ');

/** @param what of the printed row */
const quoted = ({ printed: { artifact, at } }: Compared, text: string, what: 'avg' | 'gtr'): Cell => ({
  ...{ text, artifacts: [artifact], at: [`${at}/${what}`], quoted: true },
});

const verdict = (off: number): string =>
  off === 0 ? 'agree' : `${plain(Math.abs(off))} ${off > 0 ? 'lower' : 'higher'} here`;

/** Which ranks agree with the paper's and which do not, in sentences. */
const statementOf = (table: TableModel, { pairs, agreeing, tau }: Agreement): Statement => {
  const agrees = (r: number): boolean => table.rows[r]?.cells[columns.ranks]?.text === 'agree';
  const name = (r: number): string => `“${table.rows[r]?.cells[0]?.text}”`;
  const all = [...table.rows.keys()];
  const [same, other] = [all.filter(agrees), all.filter((r) => !agrees(r))];
  const sameWords: Statement =
    same.length === 0
      ? ['No rank by average agrees with the paper’s. ']
      : [`Ranks by average agree with the paper’s for ${same.map(name).join(', ')}. `];
  const otherWords = other.flatMap(
    (r, i): Statement => [
      `${i === 0 ? 'Ranks differ for ' : ', '}${name(r)} (here `,
      cited(table, r, columns.here),
      ', printed ',
      cited(table, r, columns.printed),
      ')',
    ],
  );
  const last = `Of ${plural(pairs, 'pair')} of rows, ${agreeing} ${agreeing === 1 ? 'is' : 'are'} in the paper’s order (Kendall’s τ ${fixed(tau, 2)}).`;
  return [...sameWords, ...otherWords, ...(other.length > 0 ? ['. '] : []), last];
};

/** The pairs that are the other way round here, and how much that says: seeds may turn a small difference. */
const turnedTable = (rows: readonly Compared[], { turned }: Agreement): TableModel => ({
  id: 'methods-turned',
  caption: 'Pairs that are not in the paper’s order',
  columns: [
    { label: 'Order in the print', numeric: false },
    { label: 'Difference printed', numeric: true },
    { label: 'Difference here', numeric: true, title: 'negative: the other way round; ± its standard error over runs' },
    { label: 'Beyond two standard errors', numeric: true },
    sourceColumn,
  ],
  rows: turned.map(([a, b]) => {
    const [ahead, behind] = [rows[a] as Compared, rows[b] as Compared];
    const difference = ahead.average - behind.average;
    const error = standardError(ahead, behind);
    const from = readAt(averageAt, ahead, behind);
    const beyond = error === undefined ? 'not known' : Math.abs(difference) > 2 * error ? 'yes' : 'no';
    return {
      cells: [
        { text: `${nameOf(ahead)} before ${nameOf(behind)}` },
        {
          text: fixed(ahead.printed.average - behind.printed.average, 2),
          artifacts: [ahead.printed.artifact, behind.printed.artifact],
          at: [`${ahead.printed.at}/avg`, `${behind.printed.at}/avg`],
          quoted: true,
        },
        { text: percent(difference), ...(error === undefined ? {} : { spread: percent(error) }), ...from },
        { text: beyond, ...from },
        sourceCell(...ahead.runs, ...behind.runs),
      ],
    };
  }),
  notes: [
    'Differences of averages in percentage points. The standard error is that of the two means over runs, √(s₁² / n₁ + s₂² / n₂); it is not known where a row has one run. Few runs give a rough one.',
  ],
});

const standardError = (a: MethodRow, b: MethodRow): number | undefined => {
  if (a.averageStd === undefined || b.averageStd === undefined) return undefined;
  return Math.sqrt(a.averageStd ** 2 / a.runs.length + b.averageStd ** 2 / b.runs.length);
};
