import { quantile } from '../../metrics/statistics.ts';
import type { DrawnSample, SampleSource } from '../../training/diffusion/method.ts';
import type { IdentityTable } from '../../training/identity-table.ts';

/** How the images of each subject lie to its centre. */
export interface SubjectLists {
  /** Whether an image is above the lowest tenth of its subject: the others are not trained on. */
  readonly isInlier: Uint8Array;
  /** By subject: the rows that are. */
  readonly inliers: readonly Int32Array[];
  /** By subject: the rows nearest to its centre, of which one stands for its identity. */
  readonly nearest: readonly Int32Array[];
}

type Table = Pick<IdentityTable, 'size' | 'at'>;

export interface ListOptions {
  /** Share of a subject's images, those farthest from its centre, that are left out; 0.1 in the published code. */
  readonly outliers: number;
  /** Images nearest to the centre that may stand for the identity; 4 in the published code. */
  readonly identityImages: number;
}

/**
 * Similarity lists (DCFace's `similarity_df`): the images of each subject by their cosine to its centre, the mean of its embeddings.
 *
 * @param subjects int32 [N], dense from 0
 */
export const subjectLists = (
  subjects: Int32Array,
  classes: number,
  table: Table,
  { outliers, identityImages }: ListOptions,
): SubjectLists => {
  const rowsOf = Array.from({ length: classes }, (): number[] => []);
  for (const [row, subject] of subjects.entries()) (rowsOf[subject] as number[]).push(row);
  const isInlier = new Uint8Array(subjects.length);
  const inliers: Int32Array[] = [];
  const nearest: Int32Array[] = [];
  for (const rows of rowsOf) {
    const cosines = cosinesToCentre(rows, table);
    const threshold = rows.length === 0 ? 0 : quantile(Float64Array.from(cosines).sort(), outliers);
    const above = rows.filter((_, i) => (cosines[i] as number) > threshold);
    // A subject of equal images has no outliers.
    const kept = above.length > 0 && outliers > 0 ? above : rows;
    for (const row of kept) isInlier[row] = 1;
    inliers.push(Int32Array.from(kept));
    const order = [...rows.keys()].sort((a, b) => (cosines[b] as number) - (cosines[a] as number) || a - b);
    nearest.push(Int32Array.from(order.slice(0, identityImages), (i) => rows[i] as number));
  }
  return { isInlier, inliers, nearest };
};

const cosinesToCentre = (rows: readonly number[], table: Table): Float64Array => {
  const sum = new Float64Array(table.size);
  for (const row of rows) for (const [k, value] of table.at(row).entries()) sum[k] = (sum[k] as number) + value;
  const length = Math.hypot(...sum) || 1;
  return Float64Array.from(rows, (row) =>
    table.at(row).reduce((cosine, value, k) => cosine + (value * (sum[k] as number)) / length, 0),
  );
};

/**
 * DCFace's samples: an image whose identity and style are to be reproduced, and another image of its subject, near the centre, that
 * shows the identity. An image of the lowest tenth gives its place to another of its subject. Both are mirrored independently.
 */
export const dcfaceSamples = (
  subjects: Int32Array,
  { isInlier, inliers, nearest }: SubjectLists,
  table: Table,
  flip: boolean,
): SampleSource => ({
  images: ['images', 'identityImages'],
  conditions: { own: [table.size], subject: [table.size] },
  draw: (row, uniform): DrawnSample => {
    const subject = subjects[row] as number;
    // Drawn also where nothing depends on it, so that no choice changes the draws that follow.
    const [replacement, other, turned, turnedOther] = [uniform(), uniform(), uniform() < 0.5, uniform() < 0.5];
    const target = isInlier[row] ? row : pick(inliers[subject] as Int32Array, replacement);
    const others = (nearest[subject] as Int32Array).filter((each) => each !== target);
    const identity = others.length === 0 ? target : pick(others, other);
    const [mirrored, mirroredIdentity] = [turned && flip, turnedOther && flip];
    return {
      images: [
        { row: target, mirrored },
        { row: identity, mirrored: mirroredIdentity },
      ],
      conditions: { own: table.at(target, mirrored), subject: table.at(identity, mirroredIdentity) },
    };
  },
});

const pick = (rows: Int32Array, uniform: number): number => rows[Math.floor(uniform * rows.length)] as number;
