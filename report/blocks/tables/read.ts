import { CemiflowError, type JsonObject } from '../../../core/errors.ts';
import { groupsOf } from '../../axes.ts';
import { type Differences, differencesOf } from '../../differences/differences.ts';
import { rowLabel } from '../../labels.ts';
import { listed, type OneOrMany } from '../../params.ts';
import type { ReportReader } from '../../reader.ts';
import { type Accuracies, accuraciesOf, readVerifications } from '../accuracy/verification.ts';
import type { Quotation } from '../paper/quotation.ts';
import { readPaper } from '../paper/read.ts';
import { type PrintedChoice, type PrintedRow, printedRow } from './printed.ts';

export type TablesParams = { readonly [name: string]: TableParams };

interface TableParams {
  readonly caption: string;
  readonly scale: string;
  readonly paper?: string | null;
  readonly printed?: string | null;
  readonly differencesFrom?: string | null;
  readonly meanOver: readonly string[];
  readonly rows: readonly {
    readonly label: string;
    readonly metrics: OneOrMany;
    readonly printed?: PrintedChoice | null;
  }[];
}

export interface RepeatedTable {
  readonly name: string;
  readonly caption: string;
  readonly scale: string;
  readonly meanOver: readonly string[];
  readonly rows: readonly RepeatedRow[];
  /** Absent where rows were not scored on the same pairs. */
  readonly differences?: Differences;
}

export interface RepeatedRow extends Accuracies {
  readonly label: string;
  readonly matrix: JsonObject;
  readonly printed?: PrintedRow;
}

/** Tables in the order of their names, numbers by their value: table2 before table11. */
export const readTables = async (params: TablesParams, reader: ReportReader): Promise<RepeatedTable[]> => {
  const names = Object.keys(params).sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  const tables: RepeatedTable[] = [];
  for (const name of names) tables.push(await readTable(name, params[name] as TableParams, reader));
  return tables;
};

const readTable = async (name: string, table: TableParams, reader: ReportReader): Promise<RepeatedTable> => {
  const { caption, scale, meanOver } = table;
  const quotation = await quotationOf(name, table, reader);
  const rows: RepeatedRow[] = [];
  for (const [r, row] of table.rows.entries()) {
    const groups = groupsOf(listed(row.metrics, `tables.${name}.rows.${r}.metrics`), meanOver);
    const printedOf = printedFor(
      row.printed ?? undefined,
      table.printed ?? undefined,
      quotation,
      groups.map(({ matrix }) => matrix),
    );
    for (const { matrix, members } of groups) {
      const label = rowLabel(row.label, matrix, groups.length === 1);
      const runs = await readVerifications(members, `${caption}: ${label}`, reader);
      const printed = printedOf(matrix);
      rows.push({ ...accuraciesOf(runs), label, matrix, ...(printed && { printed }) });
    }
  }
  const differences = await differencesOf(rows, reader, {
    competing: () => true,
    wanted: table.differencesFrom ?? null,
  });
  return { name, caption, scale, meanOver, rows, ...(differences && { differences }) };
};

/**
 * The printed row of each of our points. Of a matrix, points that the paper does not have are left without one.
 *
 * @throws CemiflowError `ReportInputInvalid` where no point has one
 */
const printedFor = (
  choice: PrintedChoice | undefined,
  place: string | undefined,
  quotation: WithResults | undefined,
  points: readonly JsonObject[],
): ((matrix: JsonObject) => PrintedRow | undefined) => {
  const at = choice?.at ?? place;
  if (!choice || !at || !quotation) return () => undefined;
  const found = points.map((matrix) => [matrix, printedRow(quotation, at, choice, matrix)] as const);
  const [first] = found;
  if (first && found.every(([, row]) => 'refusal' in row)) throw (first[1] as { refusal: CemiflowError }).refusal;
  return (matrix) => {
    const row = found.find(([point]) => point === matrix)?.[1];
    return row === undefined || 'refusal' in row ? undefined : row;
  };
};

type WithResults = Quotation & Required<Pick<Quotation, 'results'>>;

const quotationOf = async (
  name: string,
  { paper, rows, printed }: TableParams,
  reader: ReportReader,
): Promise<WithResults | undefined> => {
  const asked = rows.find((row) => row.printed);
  if (!asked) return undefined;
  const [quotation] = paper ? await readPaper([paper], reader) : [];
  if (quotation?.results && (printed || asked.printed?.at)) return quotation as WithResults;
  const lacks = !paper ? 'no paper' : quotation?.results ? 'not where it is' : 'a paper without a file of results';
  throw new CemiflowError(
    'ReportInputInvalid',
    `row "${asked.label}" of tables.${name} names a printed row, and the table ${lacks}`,
    {
      remedy: `write tables.${name}: {paper: <method>, printed: <key of the file>}`,
      data: { table: name },
    },
  );
};
