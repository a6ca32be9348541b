import { count, fixed, significant } from '../../format.ts';
import { readFromAt } from '../../sources.ts';
import { type Cell, sourceCell, sourceColumn, type TableModel } from '../../table.ts';
import type { ReadMap } from './read.ts';

/** How each map was made, and how well it fits. */
export const mapTable = (maps: readonly ReadMap[]): TableModel => ({
  id: 'tsne',
  caption: 'How the maps were made',
  columns: [
    { label: 'Map', numeric: false },
    { label: 'Points', numeric: true, title: 'images and inquiries' },
    { label: 'Perplexity', numeric: true, title: 'about how many neighbours each point has' },
    { label: 'Iterations', numeric: true },
    { label: 'KL divergence', numeric: true, title: 'of the final map, in nats' },
    sourceColumn,
  ],
  rows: maps.map((map) => ({
    cells: [
      { text: map.label },
      number(map, 'points', count),
      number(map, 'perplexity', significant),
      number(map, 'iterations', count),
      number(map, 'klDivergence', (value) => fixed(value, 3)),
      sourceCell(map),
    ],
  })),
  notes: [
    'KL divergence: what a map misses of the neighbourhoods among the embeddings; 0 is none of it. Maps of other points or another perplexity cannot be compared by it.',
  ],
});

const number = (
  map: ReadMap,
  field: 'points' | 'perplexity' | 'iterations' | 'klDivergence',
  text: (value: number) => string,
): Cell => ({ text: text(map[field]), ...readFromAt(`metrics.json#/${field}`, [map]) });
