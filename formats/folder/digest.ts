import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type Digest, digestOf, hexOf } from '../../core/digest.ts';
import { type ListedFile, listFolder } from './list.ts';

/** Digest of a folder's files, taken one at a time in the order of their paths. */
export class FolderHash {
  readonly #hash = createHash('sha256');

  /** @param content digest of the file's bytes */
  add(path: string, bytes: number, content: Digest): void {
    this.#hash.update(`${JSON.stringify(path)} ${bytes} ${hexOf(content)}\n`);
  }

  digest(): Digest {
    return `sha256:${this.#hash.digest('hex')}`;
  }
}

/** Digest of entries without readable bytes: folders and broken links. */
export const nothing = digestOf('');

/** Whether a listed file has bytes that can be read. */
export const isReadable = (file: ListedFile): boolean =>
  file.bytes > 0 && file.fault !== 'is a folder inside an identity' && file.fault !== 'is a broken link';

/**
 * Digest of everything in a folder of photos: names, sizes and contents, bad files included.
 *
 * @throws CemiflowError `FolderNotFound`, `LinkOutside`
 */
export const folderDigest = async (path: string): Promise<{ digest: Digest; files: number }> => {
  const files = await listFolder(path);
  const hash = new FolderHash();
  for (const file of files) {
    const { bytes, digest } = isReadable(file) ? await hashFile(file.location) : { bytes: 0, digest: nothing };
    hash.add(file.path, bytes, digest);
  }
  return { digest: hash.digest(), files: files.length };
};

/** Reads in pieces, so that files of any size fit. */
export const hashFile = async (location: string): Promise<{ bytes: number; digest: Digest }> => {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const piece of createReadStream(location)) {
    hash.update(piece as Buffer);
    bytes += (piece as Buffer).length;
  }
  return { bytes, digest: `sha256:${hash.digest('hex')}` };
};
