import type { Block } from '../../block.ts';
import { differencesTable, withDifference } from '../../differences/table.ts';
import { withRuns } from '../accuracy/verification.ts';
import { type RepeatedTable, readTables, type TablesParams } from './read.ts';
import { repeatedTable, repeatsPrinted } from './table.ts';

/** Tables of a paper, made again. */
export const block: Block<TablesParams, RepeatedTable[]> = {
  order: 12,
  read: readTables,
  draw: (tables) => ({
    section: { id: 'tables-section', title: tables.some(repeatsPrinted) ? 'The paper’s tables, made again' : 'Tables' },
    parts: tables.flatMap((table) => [
      { table: repeatedTable(table) },
      ...(table.differences
        ? [{ table: differencesTable(table.differences, `tables-${table.name}`, table.meanOver) }]
        : []),
    ]),
  }),
  numbers: (tables) =>
    tables.map(({ differences, rows, ...table }) => ({
      ...table,
      rows: withDifference(rows.map(withRuns), differences),
    })),
};
