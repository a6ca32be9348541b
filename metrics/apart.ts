import { rowCosine } from './similarity.ts';

/**
 * Greedy choice among candidates in order: each is taken where its cosine to every taken one is below the limit, until enough are
 * taken. Candidates come block by block.
 */
export class ApartSelection {
  /** Which candidates were taken. */
  readonly taken: number[] = [];
  /** Candidates looked at that were left out, by why. */
  readonly leftOut: number[] = [];
  readonly #rows: Float32Array[] = [];
  readonly #size: number;
  readonly #count: number;
  readonly #maxSimilarity: number;
  #seen = 0;

  /** @param size length of an embedding @param options.maxSimilarity a limit that no pair reaches */
  constructor(size: number, { count, maxSimilarity }: { readonly count: number; readonly maxSimilarity: number }) {
    this.#size = size;
    this.#count = count;
    this.#maxSimilarity = maxSimilarity;
  }

  get isEnough(): boolean {
    return this.taken.length >= this.#count;
  }

  /** Candidates looked at so far: with enough taken, up to the last one taken. */
  get seen(): number {
    return this.#seen;
  }

  /** float32 [taken, D], of those taken. */
  get embeddings(): Float32Array {
    const all = new Float32Array(this.#rows.length * this.#size);
    for (const [i, row] of this.#rows.entries()) all.set(row, i * this.#size);
    return all;
  }

  /**
   * Looks at the next candidates.
   *
   * @param embeddings float32 [N, D], unit rows
   * @param why int32 [N], for each candidate that is to be left out a number from 0 that says why, otherwise -1
   */
  offer(embeddings: Float32Array, why?: Int32Array): void {
    const size = this.#size;
    for (let row = 0; row < embeddings.length / size && !this.isEnough; row++) {
      const reason = why?.[row] ?? -1;
      if (reason >= 0) this.leftOut[reason] = (this.leftOut[reason] ?? 0) + 1;
      else if (this.#rows.every((other) => rowCosine(embeddings, row, other, 0, size) < this.#maxSimilarity)) {
        this.taken.push(this.#seen);
        this.#rows.push(embeddings.slice(row * size, (row + 1) * size));
      }
      this.#seen++;
    }
  }
}
