import type { Digest } from '../core/digest.ts';
import { contentOf, putDocument } from './documents.ts';
import { getReadable, type ObjectStore } from './objects.ts';
import { encodeName } from './runs.ts';

/** The digests that a sealed run names. */
export interface RunIndex {
  /** False is certain; true may be a coincidence of 8 bytes, so that the run itself decides. */
  mayName(digest: Digest): boolean;
}

interface Content {
  readonly root: Digest;
  /** The first 16 hex digits of each digest, one after the other. */
  readonly prefixes: string;
}

const prefixLength = 16;
const prefixOf = (digest: Digest): string => digest.slice('sha256:'.length, 'sha256:'.length + prefixLength);

/**
 * Which digests each sealed run names (`index/<run>`), so that a search for a digest opens only the run that has it. An index
 * follows from its run, and is made again where it is missing.
 */
export class RunIndexes {
  readonly #objects: ObjectStore;

  constructor(objects: ObjectStore) {
    this.#objects = objects;
  }

  /** @returns undefined where there is none that can be read, or only one of another root */
  async get(id: string, root: Digest): Promise<RunIndex | undefined> {
    const bytes = await getReadable(this.#objects, indexKey(id));
    const content = bytes && contentOf<Partial<Content>>(bytes);
    if (content?.root !== root || typeof content.prefixes !== 'string') return undefined;
    const { prefixes } = content;
    const known = new Set<string>();
    for (let at = 0; at < prefixes.length; at += prefixLength) known.add(prefixes.slice(at, at + prefixLength));
    return { mayName: (digest) => known.has(prefixOf(digest)) };
  }

  async put(id: string, root: Digest, digests: ReadonlySet<Digest>): Promise<void> {
    const prefixes = [...digests].map(prefixOf).sort().join('');
    await putDocument(this.#objects, indexKey(id), { root, prefixes } satisfies Content);
  }
}

export const indexKey = (id: string): string => `index/${encodeName(id)}`;
