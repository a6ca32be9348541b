import type { CemiflowError } from '../core/errors.ts';

/** One regular file of a source. */
export interface SourceFile {
  /** Relative to the source, with `/` between folders; the file's own name where the source is a single file. */
  readonly path: string;
  readonly bytes: number;
}

/** Something in a source that cannot be read as a file, and why: `is a broken link`. */
export interface SourceFault {
  readonly path: string;
  readonly fault: string;
}

/**
 * Files that a user named: a folder, a single file, or an address in an object store. Formats read through it alone, and so read
 * from all of them alike.
 */
export interface Source {
  /** As the user wrote it; for messages. */
  readonly name: string;
  /** Whether the user named one file, and not a folder that may hold one. */
  readonly isFile?: boolean;
  /** Sorted by path, by code unit. */
  readonly files: readonly SourceFile[];
  /** What lies there and cannot be read; absent where nothing is. */
  readonly faults?: readonly SourceFault[];
  /** Folders without any file in them, by path; absent where there are none. */
  readonly empty?: readonly string[];
  /** Exactly `length` bytes from `from` on. @throws CemiflowError `SourceChanged` where the file has become shorter */
  read(file: SourceFile, from: number, length: number): Promise<Buffer>;
}

/** Something that can be read at any place: a file of a source. */
export interface RandomAccess {
  /** For messages: the file's path. */
  readonly path: string;
  readonly bytes: number;
  read(from: number, length: number): Promise<Buffer>;
}

/** One file of a source. */
export const openFile = (source: Source, file: SourceFile): RandomAccess => ({
  path: file.path,
  bytes: file.bytes,
  read: (from, length) => source.read(file, from, length),
});

/** Bytes in memory as a file. */
export const inMemory = (path: string, bytes: Uint8Array): RandomAccess => ({
  path,
  bytes: bytes.length,
  read: async (from, length) => Buffer.from(bytes.buffer, bytes.byteOffset + from, length),
});

/** Makes the error of one format: what must be there, and where. */
export type Refuse = (message: string, offset: number) => CemiflowError;
