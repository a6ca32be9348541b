import type { Matches } from '../../artifacts/inspection.ts';

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
  /** Pairs at or below it are not among the best. */
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

  /**
   * Takes cosines of identities `first` … with those of another set.
   *
   * @param cosines float32 [rows, others]
   */
  take(first: number, cosines: Float32Array, others: Int32Array): void {
    const width = others.length;
    for (let i = 0; i * width < cosines.length; i++)
      for (let k = 0; k < width; k++) {
        const cosine = cosines[i * width + k] as number;
        this.#note(first + i, others[k] as number, cosine);
        if (cosine > this.#floor) this.#offer(first + i, others[k] as number, cosine);
      }
  }

  /** Takes cosines of identities `first` … with identities `second` … of the same set. Of each pair once, `second` ≥ `first`. */
  takeOwn(first: number, second: number, cosines: Float32Array, width: number): void {
    for (let i = 0; i * width < cosines.length; i++)
      for (let k = first === second ? i + 1 : 0; k < width; k++) {
        const cosine = cosines[i * width + k] as number;
        const [left, right] = [first + i, second + k];
        this.#note(left, this.#identities[right] as number, cosine);
        this.#note(right, this.#identities[left] as number, cosine);
        if (cosine > this.#floor) this.#offer(left, this.#identities[right] as number, cosine);
      }
  }

  found(): Matches {
    this.#cut();
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

  #note(row: number, other: number, cosine: number): void {
    // The first pair counts even at -1, so that every identity with a counterpart has a nearest one.
    if (cosine > (this.#similarity[row] as number) || this.#nearest[row] === -1) {
      this.#similarity[row] = cosine;
      this.#nearest[row] = other;
    }
    if (cosine > this.#wanted.threshold) this.#above[row] = (this.#above[row] as number) + 1;
  }

  #offer(row: number, right: number, cosine: number): void {
    this.#best.push({ left: this.#identities[row] as number, right, cosine });
    if (this.#best.length >= 2 * this.#wanted.listed + 1024) this.#cut();
  }

  #cut(): void {
    const { listed } = this.#wanted;
    this.#best.sort((a, b) => b.cosine - a.cosine || a.left - b.left || a.right - b.right);
    if (this.#best.length <= listed) return;
    this.#best = this.#best.slice(0, listed);
    // Equally similar pairs may come before the last one in order: they are still offered.
    const last = (this.#best.at(-1) as Pair).cosine;
    this.#floor = Math.max(this.#wanted.threshold, justBelow(last));
  }
}

/** The float32 below a positive or negative one that is not the lowest. */
const justBelow = (value: number): number => value - Math.max(Math.abs(value), 1e-30) * 2 ** -23;
