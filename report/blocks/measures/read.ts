import type { JsonObject } from '../../../core/errors.ts';
import { averaged, groupsOf } from '../../axes.ts';
import { rowLabel } from '../../labels.ts';
import { listed, type OneOrMany } from '../../params.ts';
import { inputInvalid, type ReportReader } from '../../reader.ts';
import { pointerSegment, type Read } from '../../sources.ts';
import {
  type PrintedChoice,
  type PrintedEntry,
  printedEntry,
  printedNumber,
  under,
  withAxes,
} from '../tables/printed.ts';
import { inOrder, printedFor, quotationOf, type WithResults } from '../tables/read.ts';

export type MeasuresParams = { readonly [name: string]: MeasureParams };

export interface Column {
  readonly label: string;
  readonly value: string;
  readonly percent: boolean;
  readonly decimals: number;
  readonly printed: string | null;
}

interface MeasureParams {
  readonly caption: string;
  readonly scale: string;
  readonly note: string;
  readonly paper: string | null;
  readonly printed: string | null;
  readonly meanOver: readonly string[];
  readonly columns: readonly Column[];
  readonly rows: readonly {
    readonly label: string;
    readonly of: OneOrMany;
    readonly point?: JsonObject;
    readonly printed?: { readonly at: string | null; readonly where: JsonObject } | null;
  }[];
}

export interface Measure extends Pick<MeasureParams, 'caption' | 'scale' | 'note' | 'meanOver' | 'columns'> {
  readonly name: string;
  readonly rows: readonly MeasureRow[];
}

/** One number for each column. */
export interface MeasureRow {
  readonly label: string;
  readonly matrix: JsonObject;
  readonly runs: readonly Read[];
  /** Means over runs. */
  readonly values: readonly Measured[];
  readonly printed?: {
    readonly artifact: string;
    readonly values: readonly ({ readonly value: number; readonly at: string } | null)[];
  };
}

export interface Measured {
  readonly value: number;
  /** Sample standard deviation, where there are several runs. */
  readonly std?: number;
  /** Where it is in each of them. */
  readonly at: string;
}

export const readMeasures = (params: MeasuresParams, reader: ReportReader): Promise<Measure[]> =>
  inOrder(params, (name, table) => readMeasure(name, table, reader));

const readMeasure = async (name: string, params: MeasureParams, reader: ReportReader): Promise<Measure> => {
  const { caption, scale, note, meanOver, columns } = params;
  const quotation = await quotationOf(`measures.${name}`, params, reader);
  const rows: MeasureRow[] = [];
  for (const [r, row] of params.rows.entries()) {
    const groups = groupsOf(listed(row.of, `measures.${name}.rows.${r}.of`), meanOver).map((group) => ({
      ...group,
      matrix: { ...row.point, ...group.matrix },
    }));
    const printedOf = printedFor(row.printed, params.printed, quotation, groups, entryOf);
    for (const { matrix, members } of groups) {
      const label = rowLabel(row.label, matrix, groups.length === 1);
      const found: Found[] = [];
      for (const { artifact, input, matrix: point } of members) {
        const numbers = await reader.numbers(artifact, `${caption}: ${label}`, point);
        found.push({
          artifact: artifact.digest,
          input,
          values: columns.map((column) => ourValue(column, { ...row.point, ...point }, numbers, artifact)),
        });
      }
      const entry = printedOf(matrix);
      rows.push({
        ...{ label, matrix, runs: found.map(({ artifact, input }) => ({ artifact, input })) },
        values: columns.map((_, c) => meanOf(found.map(({ values }) => values[c] as Measured))),
        ...(entry && { printed: printedValues(entry, columns) }),
      });
    }
  }
  return { name, caption, scale, note, meanOver, columns, rows };
};

interface Found extends Read {
  readonly values: readonly Measured[];
}

const entryOf = (quotation: WithResults, place: string, { where }: Pick<PrintedChoice, 'where'>, matrix: JsonObject) =>
  printedEntry(quotation, place, where, matrix);

/** A row that is a number alone is that of the first column which is printed. */
const printedValues = (found: PrintedEntry, columns: readonly Column[]): NonNullable<MeasureRow['printed']> => {
  const { entry, artifact } = found;
  const only = columns.find(({ printed }) => printed !== null);
  const values = columns.map((column) => {
    if (column.printed === null) return null;
    if (typeof entry !== 'number') return printedNumber(found, column.printed);
    return column === only ? { value: entry, at: found.at() } : null;
  });
  return { artifact, values };
};

const ourValue = (
  { value: place }: Column,
  matrix: JsonObject,
  { file, data }: { readonly file: string; readonly data: JsonObject },
  ref: Parameters<typeof inputInvalid>[0],
): Measured => {
  const keys = place.split('/').map((key) => String(withAxes({ key }, matrix).key));
  const value = under(data, keys);
  if (typeof value === 'number')
    return { value, at: `${file}${keys.map((key) => `/${pointerSegment(key)}`).join('')}` };
  throw inputInvalid(ref, `${ref.digest} has no number at ${file}/${keys.join('/')}`);
};

const meanOf = (values: readonly Measured[]): Measured => {
  const { mean, std } = averaged(values.map(({ value }) => value));
  return { value: mean, ...(std !== undefined && { std }), at: (values[0] as Measured).at };
};
