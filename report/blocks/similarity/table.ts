import { spreadNote } from '../../axes.ts';
import { count, fixed } from '../../format.ts';
import { readFromAt } from '../../sources.ts';
import { type Cell, missing, sourceCell, sourceColumn, type TableModel } from '../../table.ts';
import type { SimilarityGroup, SimilarityRow } from './read.ts';

/** Where the mean similarity is. */
const meanAt = 'metrics.json#/mean';

/** The artifacts that a row's number was taken from, and where it is in each. */
const readAt = (at: string, ...rows: readonly SimilarityRow[]) =>
  readFromAt(
    at,
    rows.flatMap((row) => row.runs),
  );

export const meanReadAt = (...rows: readonly SimilarityRow[]) => readAt(meanAt, ...rows);

/** One table for each group: mean ± std of the similarity, and the paper's table 7. */
export const similarityTable = (group: SimilarityGroup, id: string): TableModel => {
  const labels = group.rows.find((row) => row.bins)?.bins?.labels ?? [];
  const withRuns = group.rows.some(({ runs }) => runs.length > 1);
  return {
    id,
    caption: `Similarity of generated images to their inquiry image, by ${group.label}`,
    columns: [
      { label: 'Generated set', numeric: false },
      ...(withRuns ? [{ label: 'Runs', numeric: true, title: 'how many runs the means are taken over' }] : []),
      { label: 'Mean ± std', numeric: true },
      ...labels.map((label) => ({ label, numeric: true, title: `identities with a mean similarity of ${label}` })),
      sourceColumn,
    ],
    rows: group.rows.map((row) => ({
      cells: [
        { text: row.label },
        ...(withRuns ? [{ text: count(row.runs.length), ...readAt('manifest', row) }] : []),
        { text: fixed(row.mean, 3), spread: fixed(row.std, 3), ...meanReadAt(row) },
        ...labels.map((_, i): Cell => {
          const n = row.bins?.identities[i];
          if (n === undefined) return missing;
          const text = Number.isInteger(n) ? count(n) : fixed(n, 1);
          return { text, ...readAt(`metrics.json#/bins/identities/${i}`, row) };
        }),
        sourceCell(...row.runs),
      ],
    })),
    notes: [
      'Cosine similarity, mean and standard deviation over all images of the set.',
      ...(withRuns ? [spreadNote(group.meanOver)] : []),
      ...(labels.length > 0
        ? ['The other columns count identities by their mean similarity, as the paper’s table 7 does.']
        : []),
    ],
  };
};
