/** Digests of many images, to ask whether one is among them. Holds 8 bytes for each, and up to twice that while it grows. */
export class DigestSet {
  #digests = new BigInt64Array(1024);
  #count = 0;
  #sorted = true;

  /** @param digest 64 bits, as `hash64` gives them */
  add(digest: bigint): void {
    if (this.#count === this.#digests.length) {
      const grown = new BigInt64Array(2 * this.#count);
      grown.set(this.#digests);
      this.#digests = grown;
    }
    this.#digests[this.#count++] = digest;
    this.#sorted = false;
  }

  /** Digests that were added, equal ones too. */
  get size(): number {
    return this.#count;
  }

  /** The place of a digest among all in ascending order; of equal ones the first, and -1 where it was not added. */
  indexOf(digest: bigint): number {
    if (!this.#sorted) this.#digests.subarray(0, this.#count).sort();
    this.#sorted = true;
    let [low, high] = [0, this.#count];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#digests[middle] as bigint) < digest) low = middle + 1;
      else high = middle;
    }
    return low < this.#count && this.#digests[low] === digest ? low : -1;
  }
}
