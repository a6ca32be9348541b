import type { Block } from '../../block.ts';
import { type Measure, type MeasuresParams, readMeasures } from './read.ts';
import { measuresTable } from './table.ts';

/** Tables of a paper whose cells are not accuracies, made again. */
export const block: Block<MeasuresParams, Measure[]> = {
  order: 13,
  read: readMeasures,
  draw: (measures) => ({
    section: { id: 'measures-section', title: 'What the paper measures besides' },
    parts: measures.map((measure) => ({ table: measuresTable(measure) })),
  }),
  numbers: (measures) => measures,
};
