import type { RandomAccess, Refuse } from '../source.ts';
import type { StorageRef } from './tensor.ts';

/** A checkpoint whose pickle was read: its value, and where the bytes of its storages lie. */
export interface Container {
  /** The pickled object: `Map`, arrays, numbers, strings, `TensorRef`; objects of Python classes as `Inert`. */
  readonly root: unknown;
  /** Bytes of a storage. Its size is known to fit. @throws CemiflowError `FormatInvalid` */
  read(storage: StorageRef, from: number, length: number): Promise<Buffer>;
  /** Bytes that the file has for a storage, and where they lie; undefined where it has none. */
  find(storage: StorageRef): { readonly bytes: number; readonly offset: number } | undefined;
}

/** Opens one form of checkpoint. */
export type OpenContainer = (file: RandomAccess, refuse: Refuse) => Promise<Container>;

/** Most bytes of a pickle without its storages; checkpoints of 100 million parameters with optimizer stay under 1 MiB. */
export const maxPickleBytes = 64 * 2 ** 20;
