import type { Census } from '../../artifacts/inspection.ts';
import { DuplicateTable } from '../../data/intake/duplicates.ts';

/** Photos that are there twice: within a set, or in it and in another. */
export interface PhotosFound {
  /** Images of the set whose file is there before, or in the other set. */
  readonly bytes: number;
  /** The same by decoded pixels. */
  readonly pixels: number;
  /** Within a set: images whose pixels are also under another identity. */
  readonly acrossIdentities: number;
  /** Identities that share photos, most first: `[identity, identity, images]`. */
  readonly pairs: readonly (readonly [left: number, right: number, images: number])[];
}

/** Photos that a set holds more than once. */
export const repeatedPhotos = ({ identity, hashes }: Census): PhotosFound => {
  const table = new DuplicateTable();
  for (const [row, each] of identity.entries()) table.add(each, hashes.subarray(4 * row, 4 * row + 4));
  return table.find();
};

/**
 * Identities of the other set that one image is paired with. An image that more of them hold, such as an empty tile, is paired
 * with the first ones.
 */
const mostPaired = 8;
/** Equal images of the other set that are looked at for one image: all sets could be copies of one tile. */
const mostLooked = 256;

/** Photos of a set that are also in another. */
export const sharedPhotos = (set: Census, other: Census): PhotosFound => {
  const files = new Index(other.hashes, 0);
  const pixels = new Index(other.hashes, 2);
  const shared = new Map<string, number>();
  const found = { bytes: 0, pixels: 0 };
  for (const [row, left] of set.identity.entries()) {
    if (files.first(set.hashes, row) !== -1) found.bytes++;
    const identities = new Set<number>();
    let looked = 0;
    for (const at of pixels.rows(set.hashes, row)) {
      identities.add(other.identity[at] as number);
      if (identities.size === mostPaired || ++looked === mostLooked) break;
    }
    if (identities.size > 0) found.pixels++;
    for (const right of identities) shared.set(`${left} ${right}`, (shared.get(`${left} ${right}`) ?? 0) + 1);
  }
  const pairs = [...shared].map(([key, images]) => [...key.split(' ').map(Number), images] as [number, number, number]);
  pairs.sort((a, b) => b[2] - a[2] || a[0] - b[0] || a[1] - b[1]);
  return { ...found, acrossIdentities: 0, pairs };
};

/** Rows of a census by one of its digests. Holds 4 bytes for each. */
export class Index {
  readonly #hashes: Int32Array;
  readonly #column: number;
  readonly #order: Uint32Array;

  /** @param hashes int32 [N · 4] @param column 0: of files, 2: of pixels */
  constructor(hashes: Int32Array, column: 0 | 2) {
    this.#hashes = hashes;
    this.#column = column;
    this.#order = Uint32Array.from({ length: hashes.length / 4 }, (_, row) => row);
    this.#order.sort((a, b) => this.#compare(hashes, a, b) || a - b);
  }

  /** Rows whose digest is that of row `row` of `hashes`, ascending. */
  *rows(hashes: Int32Array, row: number): Generator<number> {
    for (let at = this.#lowest(hashes, row); at < this.#order.length; at++) {
      const each = this.#order[at] as number;
      if (this.#compare(hashes, row, each) !== 0) return;
      yield each;
    }
  }

  /** The first of them; -1 where there is none. */
  first(hashes: Int32Array, row: number): number {
    const at = this.#order[this.#lowest(hashes, row)];
    return at !== undefined && this.#compare(hashes, row, at) === 0 ? at : -1;
  }

  #lowest(hashes: Int32Array, row: number): number {
    let [low, high] = [0, this.#order.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#compare(hashes, row, this.#order[middle] as number) > 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Row `row` of `hashes` beside row `own` of this index. */
  #compare(hashes: Int32Array, row: number, own: number): number {
    const [a, b] = [4 * row + this.#column, 4 * own + this.#column];
    return (
      (hashes[a] as number) - (this.#hashes[b] as number) || (hashes[a + 1] as number) - (this.#hashes[b + 1] as number)
    );
  }
}
