import type { Block } from '../../block.ts';
import { readSets, type SetRow, type SetsParams } from './read.ts';
import { setsTable } from './table.ts';

/** What sets state of themselves: people, licence, source, consent, copies. */
export const block: Block<SetsParams, SetRow[]> = {
  order: 54,
  read: readSets,
  draw: (rows) => ({
    section: { id: 'sets-section', title: 'Sets' },
    parts: [{ table: setsTable(rows) }],
  }),
};
