import { type Database, refuseLmdb } from './database.ts';
import { maxDepth, nodeFlags } from './layout.ts';
import {
  childOf,
  keyOf,
  locateValue,
  nodeFlagsOf,
  openValue,
  type Page,
  readPage,
  spanOf,
  type Value,
} from './page.ts';

/** Bytes of pages that are kept, least recently used out first. */
const keptBytes = 16 * 2 ** 20;

/** A value, and the byte of the file at which it lies. */
export interface StoredValue {
  readonly bytes: Buffer;
  readonly at: number;
}

/**
 * The main tree of a database, for look-ups. Each goes down at most 32 levels, whatever the pages say, so a tree that leads
 * back to itself ends in an error.
 */
export class Tree {
  readonly #db: Database;
  readonly #kept = new Map<number, Page>();

  constructor(db: Database) {
    this.#db = db;
  }

  /** Where the value of a key lies; undefined if there is no such key. @throws CemiflowError `FormatInvalid` */
  async find(key: Buffer): Promise<Value | undefined> {
    const leaf = await this.#descend((page) => lowerBound(page, key, 1) - 1);
    if (leaf === undefined) return undefined;
    const i = lowerBound(leaf, key, 0) - 1;
    if (i < 0 || !keyOf(leaf, i).equals(key)) return undefined;
    if (nodeFlagsOf(leaf, i) & (nodeFlags.subtree | nodeFlags.duplicates)) {
      throw refuseLmdb(
        this.#db.file,
        `the key ${key.toString('latin1')} must hold one value, and holds a database or several values`,
        leaf.number * this.#db.pageBytes,
      );
    }
    return locateValue(this.#db, leaf, i);
  }

  /** The value itself. @param maxBytes of a value; larger ones are refused before they are read */
  async get(key: string, maxBytes: number): Promise<StoredValue | undefined> {
    const value = await this.find(Buffer.from(key));
    if (value === undefined) return undefined;
    if (value.bytes > maxBytes) {
      throw refuseLmdb(this.#db.file, `${key} must have at most ${maxBytes} bytes, got ${value.bytes}`, value.from);
    }
    const bytes = openValue(this.#db, value, await this.#db.file.read(value.from, spanOf(value)));
    return { bytes, at: value.from + spanOf(value) - value.bytes };
  }

  /** The first keys, for messages, and whether they name further databases. */
  async firstKeys(most: number): Promise<{ readonly keys: string[]; readonly databases: boolean }> {
    const leaf = await this.#descend(() => 0);
    const count = Math.min(most, leaf?.nodes.length ?? 0);
    const keys = Array.from({ length: count }, (_, i) => keyOf(leaf as Page, i).toString('latin1'));
    return { keys, databases: keys.some((_, i) => nodeFlagsOf(leaf as Page, i) & nodeFlags.subtree) };
  }

  /** The leaf that is reached by taking, on each branch, the node that `choose` names. */
  async #descend(choose: (page: Page) => number): Promise<Page | undefined> {
    const { root, file, pageBytes } = this.#db;
    if (root === undefined) return undefined;
    let number = root;
    let from = 0;
    for (let depth = 0; depth < maxDepth; depth++) {
      const page = await this.#page(number, from);
      if (page.leaf) return page;
      from = number * pageBytes;
      if (page.nodes.length === 0) throw refuseLmdb(file, `branch page ${number} must have nodes`, from);
      number = childOf(page, choose(page));
    }
    throw refuseLmdb(file, `the tree must have at most ${maxDepth} levels: its pages lead in a circle`, from);
  }

  /** @param from byte of the page that names it */
  async #page(number: number, from: number): Promise<Page> {
    const { file, pages, pageBytes } = this.#db;
    const kept = this.#kept.get(number);
    if (kept) {
      this.#kept.delete(number);
      this.#kept.set(number, kept);
      return kept;
    }
    if (number < 2 || number >= pages) {
      throw refuseLmdb(
        file,
        `a page from 2 to ${pages - 1} must be named, got ${number}: the file may be cut off`,
        from,
      );
    }
    const page = await readPage(this.#db, number);
    this.#kept.set(number, page);
    if (this.#kept.size * pageBytes > keptBytes) this.#kept.delete(this.#kept.keys().next().value as number);
    return page;
  }
}

/** Number of nodes, from `first` on, whose key is at most `key`, plus `first`. A branch's first key counts as the lowest of all. */
const lowerBound = (page: Page, key: Buffer, first: number): number => {
  let [low, high] = [first, page.nodes.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (Buffer.compare(keyOf(page, middle), key) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
};
