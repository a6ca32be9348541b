import type { Block } from '../../block.ts';
import { type Measure, type MeasuresParams, readMeasures } from './read.ts';
import { measuresTable } from './table.ts';

/** Tables whose cells are not accuracies: those of a paper, made again, and others. */
export const block: Block<MeasuresParams, Measure[]> = {
  order: 13,
  read: readMeasures,
  draw: (measures) => ({
    section: { id: 'measures-section', title: 'Measured besides' },
    parts: measures.map((measure) => ({ table: measuresTable(measure) })),
  }),
  numbers: (measures) => measures,
};
