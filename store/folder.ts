import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { lanes, mapBounded } from '../core/bounded.ts';
import { hash } from './hash.ts';
import { checkKey, checkSize, type Described, type Hashed, type ObjectStore } from './objects.ts';

/** Objects as files of a folder, each under its key: what a bundle holds, to be read where there is no server. */
export class FolderObjects implements ObjectStore {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  async put(key: string, bytes: Uint8Array, options: { overwrite?: boolean } = {}): Promise<'written' | 'present'> {
    checkSize(bytes);
    const path = this.#path(key);
    if (!options.overwrite && (await this.has(key))) return 'present';
    await mkdir(dirname(path), { recursive: true });
    // Whole or absent: a half-written file would have the name of a whole one.
    await writeFile(`${path}.part`, bytes);
    await rename(`${path}.part`, path);
    return 'written';
  }

  async get(key: string): Promise<Buffer | undefined> {
    return readFile(this.#path(key)).catch(absent);
  }

  async getHashed(key: string): Promise<Hashed | undefined> {
    const bytes = await this.get(key);
    return bytes && { bytes, digest: hash(bytes) };
  }

  async has(key: string): Promise<boolean> {
    return (await stat(this.#path(key)).catch(absent))?.isFile() ?? false;
  }

  async list(prefix: string): Promise<string[]> {
    return (await this.describe(prefix)).map(({ key }) => key);
  }

  async describe(prefix: string): Promise<Described[]> {
    const entries = (await readdir(this.#root, { recursive: true, withFileTypes: true }).catch(absent)) ?? [];
    const keys = entries
      .filter((entry) => entry.isFile() && !entry.name.endsWith('.part'))
      .map((entry) => relative(this.#root, join(entry.parentPath, entry.name)).split(sep).join('/'))
      .filter((key) => key.startsWith(prefix))
      .sort();
    return mapBounded(keys, lanes, async (key) => {
      const { size, mtimeMs } = await stat(this.#path(key));
      return { key, bytes: size, writtenAtMs: mtimeMs };
    });
  }

  async *pages(prefix: string): AsyncIterable<readonly Described[]> {
    yield await this.describe(prefix);
  }

  async remove(key: string): Promise<void> {
    await rm(this.#path(key), { force: true });
  }

  #path(key: string): string {
    checkKey(key);
    return join(this.#root, ...key.split('/'));
  }
}

/** What a key that is not there gives. */
const absent = (error: NodeJS.ErrnoException): undefined => {
  if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR' && error.code !== 'EISDIR') throw error;
};
