import { opendir, realpath, stat } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { CemiflowError } from '../../core/errors.ts';

/** A file of the folder: a photo of an identity, or a file that does not belong there. */
export interface ListedFile {
  /** `identity/name`, or only the name for a file beside the identity folders. */
  readonly path: string;
  /** The file itself, links followed. */
  readonly location: string;
  readonly bytes: number;
  /** Why it cannot be a photo; absent for one that may be. */
  readonly fault?: string;
}

/** Larger files count as bad. */
export const maxFileBytes = 64 * 2 ** 20;

const photograph = /\.(jpe?g|png|webp)$/i;
/** Files that file managers create; ignored silently. */
const isClutter = (name: string): boolean => name.startsWith('.') || name === 'Thumbs.db' || name === 'desktop.ini';

/**
 * Every file of a folder of folders, sorted by path (by code unit). Hidden files do not count.
 *
 * @throws CemiflowError `FolderNotFound`, `LinkOutside` for a link that leads out of the folder
 */
export const listFolder = async (path: string): Promise<ListedFile[]> => {
  const root = await rootOf(path);
  const files: ListedFile[] = [];
  for (const name of await namesIn(root)) {
    const entry = await follow(root, name);
    if (entry === undefined)
      files.push({ path: name, location: join(root, name), bytes: 0, fault: 'is a broken link' });
    else if (entry.folder) files.push(...(await listIdentity(root, name, entry.location)));
    else files.push({ path: name, location: entry.location, bytes: entry.bytes, fault: 'lies beside the identities' });
  }
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
};

const listIdentity = async (root: string, identity: string, folder: string): Promise<ListedFile[]> => {
  const files: ListedFile[] = [];
  for (const name of await namesIn(folder)) {
    const path = `${identity}/${name}`;
    const entry = await follow(root, join(folder, name), path);
    if (entry === undefined) files.push({ path, location: join(folder, name), bytes: 0, fault: 'is a broken link' });
    else {
      const fault = faultOf(name, entry);
      files.push({ path, location: entry.location, bytes: entry.bytes, ...(fault ? { fault } : {}) });
    }
  }
  return files;
};

const faultOf = (name: string, { kind, bytes }: Entry): string | undefined => {
  if (kind !== 'file') return kind === 'folder' ? 'is a folder inside an identity' : 'is no file';
  if (!photograph.test(name)) return 'is no JPEG, PNG or WebP by its name';
  if (bytes === 0) return 'is empty';
  return bytes > maxFileBytes ? `has over ${maxFileBytes / 2 ** 20} MiB` : undefined;
};

interface Entry {
  readonly location: string;
  readonly folder: boolean;
  readonly kind: 'file' | 'folder' | 'other';
  readonly bytes: number;
}

/** The path behind a name once links are followed; undefined for a broken link. */
const follow = async (root: string, name: string, shown = name): Promise<Entry | undefined> => {
  let location: string;
  try {
    location = await realpath(resolve(root, name));
  } catch (error) {
    if (['ENOENT', 'ELOOP'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
  if (location !== root && !location.startsWith(root.endsWith(sep) ? root : root + sep)) {
    throw new CemiflowError('LinkOutside', `${shown} is a link that leads out of ${root}`, {
      remedy: 'replace the link by the files that it leads to',
      data: { path: shown, folder: root },
    });
  }
  const found = await stat(location);
  const kind = found.isFile() ? 'file' : found.isDirectory() ? 'folder' : 'other';
  return { location, folder: kind === 'folder', kind, bytes: kind === 'file' ? found.size : 0 };
};

const namesIn = async (folder: string): Promise<string[]> => {
  const names: string[] = [];
  for await (const { name } of await opendir(folder)) if (!isClutter(name)) names.push(name);
  return names.sort((a, b) => (a < b ? -1 : 1));
};

const rootOf = async (path: string): Promise<string> => {
  try {
    const root = await realpath(path);
    if ((await stat(root)).isDirectory()) return root;
  } catch (error) {
    if (!['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
  throw new CemiflowError('FolderNotFound', `there is no folder ${path}`, {
    remedy:
      'give the path of a folder that holds one folder of photos for each identity; if it was moved during a run, move it back and "cemiflow retry", or "cemiflow abort" and run the spec with the new path',
    data: { path },
  });
};
