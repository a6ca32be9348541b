import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a server has on its disk for a key: metadata, and for larger objects the bytes in a file beside it. */
export const filesOnDisk = (bucketFolder: string, key: string): string[] =>
  readdirSync(join(bucketFolder, key), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();

/** Turns one bit of a file over. @param at the place in the file, from 0 below 1 */
export const flipOnDisk = (path: string, at: number, bit: number): void => {
  const bytes = readFileSync(path);
  const byte = Math.floor(at * bytes.length);
  bytes[byte] = (bytes[byte] as number) ^ (1 << bit);
  writeFileSync(path, bytes);
};
