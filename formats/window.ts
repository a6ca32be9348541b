import type { RandomAccess } from './source.ts';

/** Bytes that are read ahead: few requests to an object store, and little memory. */
const defaultWindowBytes = 4 * 2 ** 20;

/**
 * A file whose reads ahead are kept, for readers that go through it from front to back in small steps. At most one window, or one
 * read longer than it, is in memory. What `read` returns is a view into the window: copy what outlives the next few reads.
 */
export const readAhead = (file: RandomAccess, windowBytes = defaultWindowBytes): RandomAccess => {
  let start = 0;
  let window: Buffer = Buffer.alloc(0);
  return {
    path: file.path,
    bytes: file.bytes,
    read: async (from, length) => {
      if (length > windowBytes) return file.read(from, length);
      if (from < start || from + length > start + window.length) {
        window = await file.read(from, Math.max(length, Math.min(windowBytes, file.bytes - from)));
        start = from;
      }
      return window.subarray(from - start, from - start + length);
    },
  };
};
