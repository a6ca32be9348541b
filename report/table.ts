import type { Digest } from '../core/digest.ts';
import { type Read, readFrom } from './sources.ts';

/** A table as data: the page and the Markdown are written from the same one. */
export interface TableModel {
  readonly id: string;
  readonly caption: string;
  /** The first column names the row. */
  readonly columns: readonly { readonly label: string; readonly numeric: boolean; readonly title?: string }[];
  readonly rows: readonly TableRow[];
  readonly notes: readonly string[];
  /** What cells with `took` state: publishing adds the machines. */
  readonly tookNote?: string;
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
  /** The artifacts that this cell's number was computed from; a cell that names some is a number. */
  readonly artifacts?: readonly Digest[];
  /** The place in the report's parameters that names each of them; none for quotations. */
  readonly inputs?: readonly string[];
  /** Where in each of them: `metrics.json#/sets/lfw/accuracy`. */
  readonly at?: readonly string[];
  /** The best of its column. */
  readonly best?: boolean;
  /** Not of the artifact that the row's source names: where there are no links, the cell names its own. */
  readonly linked?: boolean;
  /** Quoted from a publication, in a table that is not. */
  readonly quoted?: boolean;
  /**
   * Stands for the time that actions took: the places in the report's parameters that name what they made. Equal runs differ in it,
   * so that the artifact of a report holds a dash, and publishing puts the time in its place.
   */
  readonly took?: readonly string[];
  /** This cell names its artifacts, as links to where they are listed. */
  readonly source?: boolean;
}

/** Where there is no number. */
export const missing: Cell = { text: '–' };

/** The last cell of a row: links to the artifacts that its numbers were read from. */
export const sourceCell = (...read: readonly Read[]): Cell => ({ text: '', ...readFrom(...read), source: true });
export const sourceColumn = { label: 'Source', numeric: false } as const;
