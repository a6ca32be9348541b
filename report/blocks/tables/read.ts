import { trainingKind } from '../../../artifacts/codecs/metrics-kinds.ts';
import { canonicalJson } from '../../../core/canonical.ts';
import { CemiflowError, type JsonObject } from '../../../core/errors.ts';
import { type Group, groupsOf } from '../../axes.ts';
import { type Differences, differencesOf } from '../../differences/differences.ts';
import { rowLabel } from '../../labels.ts';
import { listed, type OneOrMany, type Placed } from '../../params.ts';
import { inputInvalid, type ReportReader } from '../../reader.ts';
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
    readonly logs?: OneOrMany | null;
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
  /** Trainings that did not converge: how many, and what share of their training images each recognised at its end. */
  readonly unlearned?: { readonly runs: number; readonly accuracy: readonly number[] };
}

export const readTables = (params: TablesParams, reader: ReportReader): Promise<RepeatedTable[]> =>
  inOrder(params, (name, table) => readTable(name, table, reader));

/** Reads tables in the order of their names, numbers by their value: table2 before table11. */
export const inOrder = async <T, R>(
  params: { readonly [name: string]: T },
  read: (name: string, table: T) => Promise<R>,
): Promise<R[]> => {
  const found: R[] = [];
  const names = Object.entries(params).sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }));
  for (const [name, table] of names) found.push(await read(name, table));
  return found;
};

const readTable = async (name: string, table: TableParams, reader: ReportReader): Promise<RepeatedTable> => {
  const { caption, scale, meanOver } = table;
  const quotation = await quotationOf(`tables.${name}`, table, reader);
  const rows: RepeatedRow[] = [];
  for (const [r, row] of table.rows.entries()) {
    const groups = groupsOf(listed(row.metrics, `tables.${name}.rows.${r}.metrics`), meanOver);
    const logs = row.logs ? groupsOf(listed(row.logs, `tables.${name}.rows.${r}.logs`), meanOver) : [];
    const printedOf = printedFor(row.printed, table.printed, quotation, groups, printedRow);
    for (const { matrix, members } of groups) {
      const label = rowLabel(row.label, matrix, groups.length === 1);
      const runs = await readVerifications(members, `${caption}: ${label}`, reader);
      const printed = printedOf(matrix);
      const own = logs.find((each) => canonicalJson(each.matrix) === canonicalJson(matrix))?.members ?? [];
      const unlearned = await unlearnedIn(own, `training log: ${label}`, reader);
      rows.push({ ...accuraciesOf(runs), label, matrix, ...(printed && { printed }), ...(unlearned && { unlearned }) });
    }
  }
  const differences = await differencesOf(rows, reader, {
    competing: () => true,
    wanted: table.differencesFrom ?? null,
  });
  return { name, caption, scale, meanOver, rows, ...(differences && { differences }) };
};

/**
 * Trainings that did not converge: in the last steps that were logged, less than half of the training images were nearest to their own
 * class, by the cosines without a margin. A training that merely is poor recognises nearly all of them.
 */
const unlearnedIn = async (
  logs: readonly Placed[],
  what: string,
  reader: ReportReader,
): Promise<RepeatedRow['unlearned']> => {
  const accuracy: number[] = [];
  for (const { artifact, matrix } of logs) {
    const { series } = await reader.metrics(artifact, trainingKind, what, matrix);
    const last = series.accuracy?.values.at(-1);
    if (last === undefined) throw inputInvalid(artifact, `${what} has no series "accuracy"`);
    if (last < 0.5) accuracy.push(last);
  }
  return accuracy.length > 0 ? { runs: accuracy.length, accuracy } : undefined;
};

/**
 * What is printed for each of our points. Of a matrix, points that the paper does not have are left without.
 *
 * @param table where the rows are, if the choice does not say it @param find a printed row, or why there is none
 * @throws CemiflowError `ReportInputInvalid` where no point has anything
 */
export const printedFor = <C extends Pick<PrintedChoice, 'at'>, T extends object>(
  choice: C | null | undefined,
  table: string | null | undefined,
  quotation: WithResults | undefined,
  groups: readonly Pick<Group, 'matrix'>[],
  find: (quotation: WithResults, place: string, choice: C, matrix: JsonObject) => T | Refused,
): ((matrix: JsonObject) => T | undefined) => {
  const place = choice?.at ?? table;
  if (!choice || !place || !quotation) return () => undefined;
  const found = groups.map(({ matrix }) => [matrix, find(quotation, place, choice, matrix)] as const);
  const [first] = found;
  if (first && found.every(([, row]) => 'refusal' in row)) throw (first[1] as Refused).refusal;
  return (matrix) => {
    const row = found.find(([point]) => point === matrix)?.[1];
    return row === undefined || 'refusal' in row ? undefined : row;
  };
};

interface Refused {
  readonly refusal: CemiflowError;
}

export type WithResults = Quotation & Required<Pick<Quotation, 'results'>>;

/** What a table quotes, and where from. */
interface Quoting {
  readonly paper?: string | null;
  readonly printed?: string | null;
  readonly rows: readonly { readonly label: string; readonly printed?: { readonly at: string | null } | null }[];
}

/**
 * The paper that a table quotes; none where no row names a printed one.
 *
 * @param table its place in the parameters @throws CemiflowError `ReportInputInvalid`
 */
export const quotationOf = async (
  table: string,
  { paper, rows, printed }: Quoting,
  reader: ReportReader,
): Promise<WithResults | undefined> => {
  const asked = rows.find((row) => row.printed);
  if (!asked) return undefined;
  const [quotation] = paper ? await readPaper([paper], reader) : [];
  if (quotation?.results && (printed || asked.printed?.at)) return quotation as WithResults;
  const lacks = !paper ? 'no paper' : quotation?.results ? 'not where it is' : 'a paper without a file of results';
  throw new CemiflowError(
    'ReportInputInvalid',
    `row "${asked.label}" of ${table} names a printed row, and the table ${lacks}`,
    {
      remedy: `write ${table}: {paper: <method>, printed: <key of the file>}`,
      data: { table },
    },
  );
};
