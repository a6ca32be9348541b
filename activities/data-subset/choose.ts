import { permutation } from '../../core/random.ts';

/** What is taken of a set. */
export interface Choice {
  /** Identities, from the first; 0: all. */
  readonly identities: number;
  /** Images of each identity; 0: all. */
  readonly images: number;
  readonly draw: 'random' | 'first';
  readonly seed: number;
  /** Whether an image may be taken at all. */
  readonly allowed: (row: number) => boolean;
}

/**
 * Which images of a set are taken: of those allowed, the images of the first identities, and of each identity some.
 *
 * @param identities int32 [N], of each image @returns uint8 [N], 1 for an image that is taken
 */
export const chooseRows = (identities: Int32Array, choice: Choice): Uint8Array => {
  const taken = new Uint8Array(identities.length);
  for (const [identity, rows] of firstIdentities(identities, choice))
    for (const row of imagesOf(identity, rows, choice)) taken[row] = 1;
  return taken;
};

/** Allowed rows of the identities that come first, by identity. */
const firstIdentities = (identities: Int32Array, { identities: count, allowed }: Choice): Map<number, number[]> => {
  const members = new Map<number, number[]>();
  for (const [row, identity] of identities.entries()) {
    if (!allowed(row)) continue;
    const rows = members.get(identity);
    if (rows) rows.push(row);
    else if (count === 0 || members.size < count) members.set(identity, [row]);
  }
  return members;
};

/** The first `images` of an order that depends on seed and identity alone: a larger number includes the same ones. */
const imagesOf = (identity: number, rows: readonly number[], { images, draw, seed }: Choice): readonly number[] => {
  if (images === 0 || images >= rows.length) return rows;
  if (draw === 'first') return rows.slice(0, images);
  const order = permutation(rows.length, seed, 'subset', identity);
  return Array.from(order.subarray(0, images), (place) => rows[place] as number);
};
