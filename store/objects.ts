import type { Digest } from '../core/digest.ts';
import { CemiflowError } from '../core/errors.ts';

/** The largest object that is ever written: larger things are trees of objects. */
export const maxObjectBytes = 64 * 2 ** 20;

export interface PutOptions {
  /** Replaces what is there: pointers, run documents, states of checkpoints, and bytes under their own digest that may be damaged. */
  readonly overwrite?: boolean;
  readonly mediaType?: string;
  /** Digest of the bytes where the caller has it already. */
  readonly digest?: Digest;
}

/** An object with the digest of the bytes that came. */
export interface Hashed {
  readonly bytes: Buffer;
  readonly digest: Digest;
}

/** What a listing tells of an object. */
export interface Described {
  readonly key: string;
  readonly bytes: number;
  /** When it was written last, in ms since the epoch, by the server's clock. */
  readonly writtenAtMs: number;
  /** Changes with the bytes: of what was put in one piece, S3 servers give the MD5. Absent where there is nothing of the sort. */
  readonly etag?: string;
}

/** What the store needs of a server: whole objects under keys, in one bucket. */
export interface ObjectStore {
  /** @returns `present` where the key was taken and `overwrite` is off; the bytes there are as they were */
  put(key: string, bytes: Uint8Array, options?: PutOptions): Promise<'written' | 'present'>;
  /** @throws CemiflowError `ObjectUnreadable` where the server has the object and cannot read it */
  get(key: string): Promise<Buffer | undefined>;
  /** The same, hashed on the way. */
  getHashed(key: string): Promise<Hashed | undefined>;
  /** Proves that the key is taken, and nothing about its bytes. */
  has(key: string): Promise<boolean>;
  /** Keys that start so, sorted. */
  list(prefix: string): Promise<string[]>;
  /** The same, with sizes and times. */
  describe(prefix: string): Promise<Described[]>;
  /** The same in pages, in the order of the keys, for readers that may stop early. */
  pages(prefix: string): AsyncIterable<readonly Described[]>;
  remove(key: string): Promise<void>;
}

/** Refuses keys that a server or a file system could read in another way. */
export const checkKey = (key: string): void => {
  const plain = /^[A-Za-z0-9%._=~-]+(\/[A-Za-z0-9%._=~-]+)*$/.test(key) && key.length <= 900;
  if (plain && !key.split('/').some((part) => part === '.' || part === '..')) return;
  throw new CemiflowError('StoreKeyInvalid', `a key must be plain path segments, got ${JSON.stringify(key)}`, {
    remedy: 'url-encode names before they become part of a key',
    data: { key },
  });
};

/** @throws CemiflowError `BlobTooLarge` */
export const checkSize = (bytes: Uint8Array): void => {
  if (bytes.length <= maxObjectBytes) return;
  throw new CemiflowError('BlobTooLarge', `an object holds at most ${maxObjectBytes} bytes, got ${bytes.length}`, {
    remedy: 'cut it into several files of one artifact, as datasets are split into shards',
    data: { bytes: bytes.length, limit: maxObjectBytes },
  });
};

/** The bytes where there are any that can be read: for what can be made again. */
export const getReadable = async (objects: ObjectStore, key: string): Promise<Buffer | undefined> =>
  objects.get(key).catch((error) => {
    if (error.code === 'ObjectUnreadable') return undefined;
    throw error;
  });

/** Undefined where the bytes are no JSON. */
export const parseJson = <T>(bytes: Buffer): T | undefined => {
  try {
    return JSON.parse(bytes.toString()) as T;
  } catch {
    return undefined;
  }
};
