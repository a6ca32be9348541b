import type { Block } from '../../block.ts';
import { differencesTable, withDifference } from '../../differences/table.ts';
import { withRuns } from '../accuracy/verification.ts';
import { orderParts } from './order.ts';
import { readMethods } from './read.ts';
import type { Methods, MethodsParams } from './row.ts';
import { methodsTable } from './table.ts';

/** Methods side by side, and their order beside that of a paper. */
export const block: Block<MethodsParams, Methods> = {
  order: 14,
  // The table is wider than a column of text: where the window has the room, it takes it. In print its section gets pages across.
  style:
    '@media (min-width:1104px){.scroll:has(>#methods){position:relative;left:50%;transform:translateX(-50%);width:min(calc(100vw - 64px),1560px)}}@media screen{#methods{font-size:13.5px}#methods th,#methods td{padding-left:7px;padding-right:7px}}@media print{@page wide{size:landscape}section:has(#methods){page:wide}}\n',
  read: (params, reader) => readMethods(params, reader),
  draw: (methods, { note }) => {
    const { differences } = methods;
    const { parts, keyFigures } = orderParts(methods.rows);
    return {
      section: { id: 'methods-section', title: 'Methods compared' },
      parts: [
        { table: methodsTable(methods, note) },
        ...(differences ? [{ table: differencesTable(differences, 'methods', methods.meanOver) }] : []),
        ...parts,
      ],
      keyFigures,
    };
  },
  numbers: ({ judge, gallery, rows, differences }) => ({
    ...{ judge, gallery, rows: withDifference(rows.map(withRuns), differences) },
    ...(differences && { chance: differences.chance, baseline: differences.rows[differences.baseline]?.label }),
  }),
};
