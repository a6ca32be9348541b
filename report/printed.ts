import type { Digest } from '../core/digest.ts';
import { keyFigures, sectionsOf } from './document.ts';
import type { ReportModel } from './model.ts';
import type { Cell, TableModel } from './table.ts';

/** One number as the report prints it, and where it was read. */
export interface Printed {
  /** Names it in the page and for `cemiflow trace`: `accuracy.cemiface-m-0.5.lfw`. */
  readonly id: string;
  /** `Verification accuracy …: CemiFace, m = 0.5, LFW`. */
  readonly what: string;
  /** With its spread and unit: `77.83 ± 1.20`. */
  readonly text: string;
  /** Artifacts that it was computed from. */
  readonly artifacts: readonly Digest[];
  /** The place in the report's parameters that names each of them: `accuracy.2.metrics.1.artifact`. None for quotations. */
  readonly inputs: readonly string[];
  /** Where in each of them: a file and a JSON pointer (RFC 6901) into it; `manifest` means the artifact's own facts. */
  readonly at: readonly string[];
  /** Whether it is quoted from a publication, by a file of this code. */
  readonly quoted: boolean;
}

/** Every number that the report prints, in the order of the page. Charts draw the same numbers. */
export const printedNumbers = (model: ReportModel): Printed[] => [
  ...keyFigures(model).map(({ id, what, value, unit, artifacts, inputs, at }) => ({
    ...{ id, what, artifacts, inputs, at, quoted: false },
    text: unit ? `${value} ${unit}` : value,
  })),
  ...sectionsOf(model).flatMap(({ parts }) =>
    parts.flatMap((part) => ('table' in part ? numbersOfTable(part.table) : [])),
  ),
];

const numbersOfTable = (table: TableModel): Printed[] => {
  const ids = numberIds(table);
  return table.rows.flatMap(({ cells }, r) =>
    cells.flatMap((cell, c): Printed[] => {
      const id = ids[r]?.[c];
      if (id === undefined) return [];
      const { artifacts = [], inputs = [], at = [] } = cell;
      const what = [...rowName(table, cells), table.columns[c]?.label].join(', ');
      return [{ id, what, text: cellText(cell), artifacts, inputs, at, quoted: cell.quoted ?? table.quoted ?? false }];
    }),
  );
};

/** Ids of a table's numbers by row and column; undefined for cells that hold none. */
export const numberIds = (table: TableModel): (string | undefined)[][] => {
  const used = new Map<string, number>();
  const unique = (id: string): string => {
    const times = (used.get(id) ?? 0) + 1;
    used.set(id, times);
    return times === 1 ? id : `${id}.${times}`;
  };
  return table.rows.map(({ cells }) => {
    const row = rowName(table, cells).map(slug).join('.');
    return cells.map((cell, c) =>
      isNumber(cell) ? unique([table.id, row, slug(table.columns[c]?.label ?? '')].join('.')) : undefined,
    );
  });
};

export const cellText = ({ text, spread }: Cell): string => (spread === undefined ? text : `${text} ± ${spread}`);

const isNumber = ({ artifacts, source }: Cell): boolean => artifacts !== undefined && source !== true;

/** The cells that name a row: the first, and others that are words. */
const rowName = ({ columns }: TableModel, cells: readonly Cell[]): string[] =>
  cells.filter((cell, c) => c === 0 || !(columns[c]?.numeric || cell.artifacts || cell.source)).map(({ text }) => text);

/** `CemiFace, m = −0.5` → `cemiface-m--0.5`. */
const slug = (text: string): string =>
  text
    .toLowerCase()
    .replaceAll('−', '-')
    .replace(/[^\p{L}\p{N}.-]+/gu, '-')
    .replace(/^-+(?!\d)|-+$/g, '') || '-';
