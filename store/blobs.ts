import { type Digest, hexOf, isDigest } from '../core/digest.ts';
import { CemiflowError, type JsonObject } from '../core/errors.ts';
import { hash } from './hash.ts';
import type { ObjectStore } from './objects.ts';

/** Where content-addressed bytes lie: `blobs` for files, `artifacts` for manifests. */
export type Kind = 'blobs' | 'artifacts';

/** `blobs/sha256/ab/cdef…`: two digits apart, so that no folder of a server's disk grows without end. */
export const contentKey = (kind: Kind | 'left-out', digest: Digest): string => {
  if (!isDigest(digest)) {
    throw new CemiflowError('DigestInvalid', `a digest must be sha256: and 64 hex digits, got ${digest}`, {
      remedy: 'copy the whole digest',
    });
  }
  const hex = hexOf(digest);
  return `${kind}/sha256/${hex.slice(0, 2)}/${hex.slice(2)}`;
};

/** The digest that a content-addressed key names. */
export const digestOfKey = (key: string): Digest => `sha256:${key.split('/').slice(2).join('')}`;

const names = { blobs: 'Blob', artifacts: 'Artifact' } as const;

/** Bytes under their own digest: rehashed at every read, put right at every write. */
export class ContentStore {
  readonly #objects: ObjectStore;
  readonly #kind: Kind;
  /** Whether the last bytes that were put had been there before. */
  #wasThere = false;

  constructor(objects: ObjectStore, kind: Kind) {
    this.#objects = objects;
    this.#kind = kind;
  }

  /**
   * Resolves once exactly these bytes are there: where damaged ones were, they have been replaced. Work that is done again puts what
   * is there already, one file after the other: then it is read first, since a write that is refused costs the server more.
   */
  async put(bytes: Uint8Array, mediaType: string): Promise<Digest> {
    const digest = hash(bytes);
    const key = contentKey(this.#kind, digest);
    if (this.#wasThere && (await this.#isSound(digest))) return digest;
    this.#wasThere = (await this.#objects.put(key, bytes, { digest, mediaType })) === 'present';
    if (this.#wasThere && !(await this.#isSound(digest)))
      await this.#objects.put(key, bytes, { digest, mediaType, overwrite: true });
    return digest;
  }

  /** @throws CemiflowError `BlobMissing`, `BlobCorrupt` (`Artifact…` for manifests) */
  async get(digest: Digest): Promise<Buffer> {
    const key = contentKey(this.#kind, digest);
    const object = await this.#objects.getHashed(key).catch((error) => {
      if (error.code !== 'ObjectUnreadable') throw error;
      throw this.#corrupt(digest, 'cannot be read by the server that has it', { digest }, error);
    });
    if (!object) {
      throw this.#error(
        'Missing',
        `${digest} is not in the store`,
        'check the digest; "cemiflow fsck --repair" makes what a run or a pin needs again',
        {
          digest,
        },
      );
    }
    if (object.digest === digest) return object.bytes;
    throw this.#corrupt(digest, `hashed to ${object.digest}`, { digest, found: object.digest });
  }

  has(digest: Digest): Promise<boolean> {
    return this.#objects.has(contentKey(this.#kind, digest));
  }

  /** Rehashes what is there, and removes it where it is damaged. @returns whether it is there and sound */
  async keepIfSound(digest: Digest): Promise<boolean> {
    if (await this.#isSound(digest)) return true;
    await this.#objects.remove(contentKey(this.#kind, digest));
    return false;
  }

  async #isSound(digest: Digest): Promise<boolean> {
    try {
      await this.get(digest);
      return true;
    } catch (error) {
      if (error instanceof CemiflowError && /(Corrupt|Missing)$/.test(error.code)) return false;
      throw error;
    }
  }

  #corrupt(digest: Digest, how: string, data: JsonObject, cause?: unknown): CemiflowError {
    return this.#error(
      'Corrupt',
      `${digest} ${how}`,
      '"cemiflow fsck --repair" makes what is damaged again',
      data,
      cause,
    );
  }

  #error(problem: string, message: string, remedy: string, data: JsonObject, cause?: unknown): CemiflowError {
    return new CemiflowError(`${names[this.#kind]}${problem}`, message, { remedy, data, cause });
  }
}
