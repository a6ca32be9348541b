import type { Digest } from '../core/digest.ts';
import { contentKey, digestOfKey } from './blobs.ts';
import type { ObjectStore } from './objects.ts';

/**
 * Files that the bundle in which a run came did without: `left-out/sha256/ab/cdef…`, empty, for each. What made them counts as
 * done all the same, and is done again where something needs the bytes.
 */
export class LeftOut {
  readonly #objects: ObjectStore;

  constructor(objects: ObjectStore) {
    this.#objects = objects;
  }

  async add(digest: Digest): Promise<void> {
    await this.#objects.put(leftOutKey(digest), Buffer.alloc(0));
  }

  has(digest: Digest): Promise<boolean> {
    return this.#objects.has(leftOutKey(digest));
  }

  remove(digest: Digest): Promise<void> {
    return this.#objects.remove(leftOutKey(digest));
  }

  async all(): Promise<Set<Digest>> {
    return new Set((await this.#objects.list(leftOutPlace)).map(digestOfKey));
  }
}

const leftOutPlace = 'left-out/';
const leftOutKey = (digest: Digest): string => contentKey('left-out', digest);
