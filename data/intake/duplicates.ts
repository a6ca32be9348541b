/** Images that occur more than once in a set. */
export interface Duplicates {
  /** Images whose file is that of an earlier one, to the byte. */
  readonly bytes: number;
  /** Images whose decoded pixels are those of an earlier one: all of the above, and those encoded anew. */
  readonly pixels: number;
  /** Images whose pixels are also under another identity. */
  readonly acrossIdentities: number;
  /**
   * Pairs of identities that share images, most first: `[identity, identity, images]`. An image of more than sixteen identities pairs
   * the first of them with each of the others alone.
   */
  readonly pairs: readonly (readonly [left: number, right: number, images: number])[];
}

/**
 * Identities that one image pairs with each other. Where more share it, such as an empty tile that every folder holds, each is
 * paired with the first alone: their pairs would not fit into memory.
 */
const mostPaired = 16;

/** What a row of the table holds: 64 bits of each digest, and the identity. */
const columns = 5;

/** Finds duplicates among images that come one by one. Holds 20 bytes for each image. */
export class DuplicateTable {
  #rows: Int32Array;
  #count: number;

  /** @param rows int32 [N · 5], as `rows` gives them */
  constructor(rows: Int32Array = new Int32Array(0)) {
    this.#rows = rows.slice();
    this.#count = rows.length / columns;
  }

  /** @param hashes int32 [4]: 64 bits each of the digests of the file and of the pixels */
  add(identity: number, hashes: Int32Array): void {
    const at = this.#count * columns;
    if (at === this.#rows.length) {
      const grown = new Int32Array(Math.max(1024 * columns, 2 * this.#rows.length));
      grown.set(this.#rows);
      this.#rows = grown;
    }
    this.#rows.set(hashes, at);
    this.#rows[at + 4] = identity;
    this.#count++;
  }

  get rows(): Int32Array {
    return this.#rows.slice(0, this.#count * columns);
  }

  find(): Duplicates {
    const shared = new Map<string, number>();
    let acrossIdentities = 0;
    const bytes = this.#repeated(0, () => {});
    const pixels = this.#repeated(2, (group) => {
      const identities = [...new Set(group.map((row) => this.#identity(row)))].sort((a, b) => a - b);
      if (identities.length === 1) return;
      acrossIdentities += group.length;
      const lefts = identities.length > mostPaired ? identities.slice(0, 1) : identities;
      for (const [i, left] of lefts.entries())
        for (const right of identities.slice(i + 1))
          shared.set(`${left} ${right}`, (shared.get(`${left} ${right}`) ?? 0) + 1);
    });
    const pairs = [...shared].map(
      ([key, images]) => [...key.split(' ').map(Number), images] as [number, number, number],
    );
    pairs.sort((a, b) => b[2] - a[2] || a[0] - b[0] || a[1] - b[1]);
    return { bytes, pixels, acrossIdentities, pairs };
  }

  #identity(row: number): number {
    return this.#rows[row * columns + 4] as number;
  }

  /** Calls `visit` with the rows of each digest that occurs more than once. @returns rows beyond the first of each digest */
  #repeated(column: number, visit: (group: readonly number[]) => void): number {
    const rows = this.#rows;
    const high = (row: number): number => rows[row * columns + column] as number;
    const low = (row: number): number => rows[row * columns + column + 1] as number;
    const order = Uint32Array.from({ length: this.#count }, (_, row) => row);
    order.sort((a, b) => high(a) - high(b) || low(a) - low(b) || a - b);
    let repeated = 0;
    for (let from = 0, to = 0; from < order.length; from = to) {
      const first = order[from] as number;
      for (to = from + 1; to < order.length; to++) {
        const next = order[to] as number;
        if (high(next) !== high(first) || low(next) !== low(first)) break;
      }
      if (to - from === 1) continue;
      repeated += to - from - 1;
      visit([...order.subarray(from, to)]);
    }
    return repeated;
  }
}
