import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';

/** A piece of an archive, small enough to be carried in one go. */
export interface Part {
  readonly name: string;
  readonly bytes: number;
  /** SHA-256 in hex, as `sha256sum` checks it. */
  readonly sha256: string;
}

/**
 * Cuts a file into `<its name>.00`, `.01`, … in a folder: `cat` in the order of their names gives the file back.
 *
 * @param partBytes of every part but the last
 */
export const splitFile = async (file: string, folder: string, partBytes: number): Promise<Part[]> => {
  const { size } = statSync(file);
  const parts: Part[] = [];
  for (let start = 0; start < size; start += partBytes) {
    const name = `${basename(file)}.${String(parts.length).padStart(2, '0')}`;
    const hash = createHash('sha256');
    const source = createReadStream(file, { start, end: start + partBytes - 1 });
    source.on('data', (chunk) => hash.update(chunk));
    await pipeline(source, createWriteStream(join(folder, name)));
    parts.push({ name, bytes: Math.min(partBytes, size - start), sha256: hash.digest('hex') });
  }
  return parts;
};

/** The lines that `sha256sum --check` reads. */
export const sumLines = (parts: readonly Part[]): string =>
  parts.map(({ sha256, name }) => `${sha256}  ${name}\n`).join('');
