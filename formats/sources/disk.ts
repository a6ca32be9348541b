import { type FileHandle, open, readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import { CemiflowError } from '../../core/errors.ts';
import { isClutter } from '../paths.ts';
import type { Source, SourceFault, SourceFile } from '../source.ts';

/** Where links inside a folder may lead: nowhere out of it, or to any place that can be read. */
export type Links = 'inside' | 'anywhere';

/** A folder or file on disk. Close it when done. */
export interface DiskSource extends Source {
  /** The folder that paths of files start from, links resolved. */
  readonly root: string;
  close(): Promise<void>;
}

/** Deeper folders are not read. */
const maxDepth = 32;

/**
 * Opens a folder or a file. Links are followed to what they lead to, files and folders alike; a folder that a link brings into
 * itself is a fault. Hidden files do not count.
 *
 * @throws CemiflowError `FolderNotFound`, `LinkOutside`
 */
export const openDisk = async (path: string, { links = 'anywhere' }: { links?: Links } = {}): Promise<DiskSource> => {
  const { location, isFolder } = await locate(path);
  const root = isFolder ? location : dirname(location);
  const walk = new Walk(root, links);
  if (isFolder) await walk.folder('', [location]);
  else walk.files.push({ path: basename(location), bytes: (await stat(location)).size });
  return new OpenedDisk(path, root, !isFolder, walk);
};

class OpenedDisk implements DiskSource {
  readonly name: string;
  readonly root: string;
  readonly isFile: boolean;
  readonly files: readonly SourceFile[];
  readonly faults: readonly SourceFault[];
  readonly empty: readonly string[];
  #open: { readonly path: string; readonly handle: FileHandle } | undefined;

  constructor(name: string, root: string, isFile: boolean, { files, faults, empty }: Walk) {
    this.name = name;
    this.root = root;
    this.isFile = isFile;
    this.files = files.sort(byPath);
    this.faults = faults.sort(byPath);
    this.empty = empty.sort();
  }

  async read(file: SourceFile, from: number, length: number): Promise<Buffer> {
    const handle = await this.#handle(file);
    const bytes = Buffer.allocUnsafe(length);
    let done = 0;
    while (done < length) {
      const { bytesRead } = await handle.read(bytes, done, length - done, from + done);
      if (bytesRead === 0) throw sourceChanged(this.name, file.path);
      done += bytesRead;
    }
    return bytes;
  }

  async close(): Promise<void> {
    await this.#open?.handle.close();
    this.#open = undefined;
  }

  /** The file read last stays open: formats read one from end to end, and then the next. */
  async #handle({ path }: SourceFile): Promise<FileHandle> {
    if (this.#open?.path === path) return this.#open.handle;
    await this.close();
    const handle = await open(join(this.root, path)).catch((cause: unknown) => {
      throw sourceChanged(this.name, path, cause);
    });
    this.#open = { path, handle };
    return handle;
  }
}

class Walk {
  readonly files: SourceFile[] = [];
  readonly faults: SourceFault[] = [];
  readonly empty: string[] = [];
  readonly #root: string;
  readonly #links: Links;

  constructor(root: string, links: Links) {
    this.#root = root;
    this.#links = links;
  }

  /** @param above real paths of the folders on the way here, the folder itself last */
  async folder(path: string, above: readonly string[]): Promise<void> {
    const before = this.files.length + this.faults.length;
    for (const entry of await readdir(join(this.#root, path), { encoding: 'buffer', withFileTypes: true })) {
      const { text, plain } = shownName(entry.name as unknown as Buffer);
      const inside = path === '' ? text : `${path}/${text}`;
      if (isClutter(text)) continue;
      if (!plain) this.#fault(inside, 'has a name that is not UTF-8: rename it');
      else await this.#entry(inside, above, !entry.isSymbolicLink());
    }
    if (path !== '' && this.files.length + this.faults.length === before) this.empty.push(path);
  }

  async #entry(path: string, above: readonly string[], isPlain: boolean): Promise<void> {
    const parent = above.at(-1) as string;
    const location = isPlain ? join(parent, basename(path)) : await this.#behind(path);
    const found = location === undefined ? undefined : await stat(location).catch(() => undefined);
    if (location === undefined || found === undefined) return this.#fault(path, 'is a broken link');
    if (found.isFile()) this.files.push({ path, bytes: found.size });
    else if (!found.isDirectory()) this.#fault(path, 'is no file');
    else if (above.includes(location)) this.#fault(path, 'is a link to a folder that it lies in');
    else if (above.length > maxDepth) this.#fault(path, `lies over ${maxDepth} folders deep`);
    else await this.folder(path, [...above, location]);
  }

  /** What a link leads to; undefined for a broken one. */
  async #behind(path: string): Promise<string | undefined> {
    let location: string;
    try {
      location = await realpath(join(this.#root, path));
    } catch (error) {
      if (['ENOENT', 'ELOOP', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
      throw error;
    }
    const inside = this.#root.endsWith(sep) ? this.#root : this.#root + sep;
    if (this.#links === 'anywhere' || location === this.#root || location.startsWith(inside)) return location;
    throw new CemiflowError('LinkOutside', `${path} is a link that leads out of ${this.#root}`, {
      remedy: 'set links: anywhere to follow links out of the folder, or replace the link by what it leads to',
      data: { path, folder: this.#root },
    });
  }

  #fault(path: string, fault: string): void {
    this.faults.push({ path, fault });
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** A file name as text; bytes that are not UTF-8 as `\xe9`. */
const shownName = (name: Buffer): { readonly text: string; readonly plain: boolean } => {
  try {
    return { text: utf8.decode(name), plain: true };
  } catch {
    const text = name.toString('latin1').replace(/[\x80-\xff]/g, (c) => `\\x${c.charCodeAt(0).toString(16)}`);
    return { text, plain: false };
  }
};

const byPath = (a: { readonly path: string }, b: { readonly path: string }): number => (a.path < b.path ? -1 : 1);

const locate = async (path: string): Promise<{ location: string; isFolder: boolean }> => {
  try {
    const location = await realpath(path);
    const found = await stat(location);
    if (found.isDirectory() || found.isFile()) return { location, isFolder: found.isDirectory() };
  } catch (error) {
    if (!['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
  throw new CemiflowError('FolderNotFound', `there is no folder or file ${path}`, {
    remedy:
      'give the path of a folder or file that is there; if it was moved during a run, move it back and "cemiflow retry", or "cemiflow abort" and run the spec with the new path',
    data: { path },
  });
};

const sourceChanged = (name: string, path: string, cause?: unknown): CemiflowError =>
  new CemiflowError('SourceChanged', `${path} of ${name} has changed since the run was planned`, {
    remedy: 'do not change the files while they are read, and start the run again',
    data: { source: name, path },
    cause,
  });
