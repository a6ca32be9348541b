import type { Matches } from '../../artifacts/inspection.ts';
import type { CosineBlock, CosineSearch, Highest } from '../../nn/cosine-search.ts';

/** What pairs are looked for. */
export interface Wanted {
  /** Cosine that a pair must be above. */
  readonly threshold: number;
  /** Pairs that are kept; all are counted. */
  readonly listed: number;
}

interface Pair {
  readonly left: number;
  readonly right: number;
  readonly cosine: number;
}

/** Gathers from blocks of cosines which identities look like one person. Memory does not depend on how many do. */
export class MatchFinder {
  readonly #identities: Int32Array;
  readonly #wanted: Wanted;
  readonly #nearest: Int32Array;
  readonly #similarity: Float32Array;
  readonly #above: Int32Array;
  #best: Pair[] = [];
  /** No pair at or below it is among the best. */
  #floor: number;

  /** @param identities int32 [S] of the inspected set, the rows of the cosines */
  constructor(identities: Int32Array, wanted: Wanted) {
    this.#identities = identities;
    this.#wanted = wanted;
    this.#floor = wanted.threshold;
    this.#nearest = new Int32Array(identities.length).fill(-1);
    this.#similarity = new Float32Array(identities.length).fill(-1);
    this.#above = new Int32Array(identities.length);
  }

  /** How the next block must be searched. @param same whether it compares identities with themselves */
  search(same: boolean): CosineSearch {
    const { threshold, listed } = this.#wanted;
    return { threshold, floor: this.#floor, most: listed, same };
  }

  /** Takes what was found for identities `first` … among those of another set. */
  take(first: number, { rows, pairs }: CosineBlock, others: Int32Array): void {
    this.#note(first, rows, others);
    this.#offer(first, pairs, others);
  }

  /** Takes what was found for identities `first` … among identities `second` … of the same set. Of each two blocks once. */
  takeOwn(first: number, second: number, { rows, columns, pairs }: CosineBlock): void {
    const others = this.#identities.subarray(second);
    this.#note(first, rows, others);
    this.#note(second, columns, this.#identities.subarray(first));
    this.#offer(first, pairs, others);
  }

  found(): Matches {
    return {
      identity: this.#identities,
      nearest: this.#nearest,
      similarity: this.#similarity,
      above: this.#above,
      left: Int32Array.from(this.#best, ({ left }) => left),
      right: Int32Array.from(this.#best, ({ right }) => right),
      cosine: Float32Array.from(this.#best, ({ cosine }) => cosine),
    };
  }

  #note(first: number, { cosine, at, above }: Highest, others: Int32Array): void {
    for (const [i, value] of cosine.entries()) {
      const row = first + i;
      this.#above[row] = (this.#above[row] as number) + (above[i] as number);
      // -2: there was nothing to compare it with.
      if (value < -1.5) continue;
      if (this.#nearest[row] !== -1 && value <= (this.#similarity[row] as number)) continue;
      this.#similarity[row] = value;
      this.#nearest[row] = others[at[i] as number] as number;
    }
  }

  #offer(first: number, pairs: CosineBlock['pairs'], others: Int32Array): void {
    if (pairs.length === 0) return;
    const { listed, threshold } = this.#wanted;
    const added = pairs.map(({ row, column, cosine }) => ({
      ...{ left: this.#identities[first + row] as number, right: others[column] as number, cosine },
    }));
    this.#best = [...this.#best, ...added]
      .sort((a, b) => b.cosine - a.cosine || a.left - b.left || a.right - b.right)
      .slice(0, listed);
    // Pairs as similar as the last one may still come before it in order: the floor lies just below.
    const last = this.#best[listed - 1];
    if (last) this.#floor = Math.max(threshold, last.cosine - 1e-6);
  }
}
