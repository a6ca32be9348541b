import type { Digest } from '../core/digest.ts';
import { numberIds } from './printed.ts';
import type { TableModel } from './table.ts';

/** A number of a table, repeated in a sentence: it links to where the table's number was read. */
export interface CitedNumber {
  readonly text: string;
  /** The number's id, as `numberIds` gives it. */
  readonly id: string;
  readonly artifacts: readonly Digest[];
}

/** A conclusion that follows from a block's tables by fixed rules, in sentences. Its numbers stand in these tables. */
export type Statement = readonly (string | CitedNumber)[];

/** @throws Error where the table has no number there, since a sentence must not cite what no table shows */
export const cited = (table: TableModel, row: number, column: number): CitedNumber => {
  const [id, cell] = [numberIds(table)[row]?.[column], table.rows[row]?.cells[column]];
  if (id === undefined || cell === undefined)
    throw new Error(`${table.id} has no number in row ${row}, column ${column}`);
  return { text: cell.text, id, artifacts: cell.artifacts ?? [] };
};

/** Sentences of one paragraph. */
export const paragraph = (sentences: readonly Statement[]): Statement =>
  sentences.flatMap((sentence, i) => (i === 0 ? sentence : [' ', ...sentence]));
