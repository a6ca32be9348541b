import { type FileHandle, open } from 'node:fs/promises';
import { basename } from 'node:path';
import { CemiflowError } from '../../core/errors.ts';
import type { RandomAccess } from '../source.ts';

/** A file of this machine, open until `close`. */
export interface LocalFile extends RandomAccess {
  close(): Promise<void>;
}

/** @param path absolute; messages have its last name alone, since places are in no record */
export const openLocal = async (path: string): Promise<LocalFile> => {
  const handle = await open(path, 'r');
  const { size } = await handle.stat();
  const name = basename(path);
  return {
    path: name,
    bytes: size,
    read: (from, length) => readAt(handle, name, from, length),
    close: () => handle.close(),
  };
};

const readAt = async (handle: FileHandle, name: string, from: number, length: number): Promise<Buffer> => {
  const bytes = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(bytes, filled, length - filled, from + filled);
    if (bytesRead === 0) {
      throw new CemiflowError('SourceChanged', `${name} ended at byte ${from + filled} while it was read`, {
        remedy: 'leave the file alone while it is imported, and run again',
        data: { file: name, offset: from + filled },
      });
    }
    filled += bytesRead;
  }
  return bytes;
};
