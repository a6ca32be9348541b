import { numberIds } from './printed.ts';
import type { CitedNumber } from './statement.ts';
import type { TableModel } from './table.ts';

/** A number of a table as a sentence cites it. @throws Error where the table has no number there, since a sentence must not cite what no table shows */
export const cited = (table: TableModel, row: number, column: number): CitedNumber => {
  const [id, cell] = [numberIds(table)[row]?.[column], table.rows[row]?.cells[column]];
  if (id === undefined || cell === undefined)
    throw new Error(`${table.id} has no number in row ${row}, column ${column}`);
  return { text: cell.text, id, artifacts: cell.artifacts ?? [] };
};
