import type { Block } from '../../block.ts';
import type { Quotation } from './quotation.ts';
import { type PaperParams, readPaper } from './read.ts';

/** What papers report, quoted in separate tables. */
export const block: Block<PaperParams, Quotation[]> = {
  order: 80,
  read: (params, reader) => readPaper(params, reader),
  draw: (quotations) => ({
    section: {
      id: 'paper',
      title: 'As reported in the paper',
      intro:
        'Quoted for orientation. Numbers of the paper come from photographs and the public benchmarks of these names, at its own scale: where the data or the scale of this run differ, the values cannot be compared with those above, nor the place of a peak over m, since sets that ask for the same m differ in the similarity that they achieve.',
    },
    parts: quotations.flatMap(({ tables }) => tables.map((table) => ({ table: { ...table, quoted: true } }))),
  }),
  // The numbers themselves are listed as printed; the quoted file holds them all.
  numbers: (quotations) => quotations.map(({ artifact, what }) => ({ artifact, what })),
};
