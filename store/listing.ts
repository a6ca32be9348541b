import type { Described, ObjectStore } from './objects.ts';

/** A page of a listing takes a server about as long as this many requests for single objects (measured on MinIO). */
const pageWorth = 100;

/** What a listing says of the objects under a prefix: of all of them, of those up to some key, or of none. */
export class Listing {
  readonly #found = new Map<string, Described>();
  /** The listing has come as far as this key. */
  #upTo = '';
  #isWhole = false;

  /**
   * Lists as long as each page answers for so many of the wanted keys that it is worth it. In a store that holds much else, the
   * first page tells that it is not.
   *
   * @param wanted keys that are going to be asked for, as far as they are known
   * @param expected how many are going to be asked for in all; default those that are known
   */
  static async over(
    objects: ObjectStore,
    prefix: string,
    wanted: Iterable<string>,
    expected?: number,
  ): Promise<Listing> {
    const listing = new Listing();
    const keys = [...new Set(wanted)].sort();
    const all = Math.max(expected ?? 0, keys.length);
    if (keys.length === 0 || all < pageWorth) return listing;
    let answered = 0;
    try {
      for await (const page of objects.pages(prefix)) {
        if (!listing.#take(page)) return new Listing();
        const before = answered;
        while (answered < keys.length && (keys[answered] as string) <= listing.#upTo) answered++;
        if (answered === all || ((answered - before) * all) / keys.length < pageWorth) return listing;
      }
      listing.#isWhole = true;
    } catch {
      // What came before is right. What keeps the listing from going on, requests for single objects meet too, and say so.
    }
    return listing;
  }

  /** @returns undefined where the listing does not say */
  find(key: string): Described | 'absent' | undefined {
    return this.#found.get(key) ?? (this.#isWhole || key <= this.#upTo ? 'absent' : undefined);
  }

  /** @returns whether the page continues the order of keys: only in order does a key that was passed over not exist */
  #take(page: readonly Described[]): boolean {
    for (const each of page) {
      if (each.key <= this.#upTo) return false;
      this.#upTo = each.key;
      this.#found.set(each.key, each);
    }
    return true;
  }
}
