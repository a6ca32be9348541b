import { lstatSync, mkdirSync, realpathSync, rmSync } from 'node:fs';
import { lstat, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { CemiflowError } from '../core/errors.ts';
import { removeLeftovers, scratchFolder } from '../threads/scratch.ts';

/** A folder of its own for one try at one program. */
export class Workspace {
  /** Real path of where the program starts. */
  readonly folder: string;
  /** For temporary files. */
  readonly temporary: string;
  /** A place that the program does not see where it is in a container. */
  readonly beside: string;
  readonly #root: string;

  /** @throws CemiflowError `ScratchFailed` */
  constructor(parent = scratchFolder()) {
    mkdirSync(parent, { recursive: true });
    removeLeftovers(parent);
    this.#root = join(realpathSync(parent), `${process.pid}-${Math.random().toString(36).slice(2)}`);
    this.folder = join(this.#root, 'work');
    this.temporary = join(this.#root, 'tmp');
    this.beside = join(this.#root, 'beside');
    for (const each of [this.folder, this.temporary]) mkdirSync(each, { recursive: true });
  }

  /** The place of a relative path. @throws CemiflowError `PathOutside` */
  at(path: string): string {
    const whole = join(this.folder, path);
    if (whole.startsWith(this.folder + sep)) return whole;
    throw new CemiflowError(
      'PathOutside',
      `${JSON.stringify(path)} does not lie below the folder that the program starts in`,
      {
        remedy: 'give a relative path, such as out/images',
        data: { path },
      },
    );
  }

  /** Removes all of it: files of a program may be read-only, and folders too. */
  close(): void {
    rmSync(this.#root, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** A file below a folder. */
export interface FoundFile {
  /** From the folder, with `/`. */
  readonly path: string;
  readonly bytes: number;
  readonly executable: boolean;
}

/**
 * The files below a folder that a program has filled, sorted; of a file, itself under its own name. Links are refused: what they
 * lead to may change, or lie anywhere.
 *
 * @throws CemiflowError `OutputMissing`, `OutputInvalid`
 */
export const filesBelow = async (folder: string, name: string): Promise<FoundFile[]> => {
  const files: FoundFile[] = [];
  const visit = async (path: string): Promise<void> => {
    const at = path === '' ? folder : join(folder, path);
    const found = await lstat(at).catch((cause) => {
      throw missing(name, cause);
    });
    if (found.isDirectory())
      for (const entry of (await readdir(at)).sort()) await visit(path === '' ? entry : `${path}/${entry}`);
    else if (found.isFile())
      files.push({
        path: path === '' ? nameOf(folder) : path,
        bytes: found.size,
        executable: (found.mode & 0o100) !== 0,
      });
    else {
      const what = found.isSymbolicLink() ? 'is a link' : 'is no file';
      throw new CemiflowError('OutputInvalid', `output ${name}: ${path || nameOf(folder)} ${what}`, {
        remedy: 'let the program write a file in its place',
        data: { output: name, path },
      });
    }
  };
  await visit('');
  return files;
};

const nameOf = (path: string): string => path.split(sep).at(-1) as string;

/** Whether a path is a folder and no link to one. */
export const isFolder = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

export const missing = (name: string, cause?: unknown): CemiflowError =>
  new CemiflowError('OutputMissing', `the program ended well and left no output ${name}`, {
    remedy: 'correct its path in outputs, or let the program write it there',
    data: { output: name },
    cause,
  });

/** Copies a folder, file by file: what is copied is not changed by what is written later. @returns nothing where it changed meanwhile */
export const steadyCopy = async (folder: string): Promise<Map<string, Buffer> | undefined> => {
  const before = await stampOf(folder);
  const files = new Map<string, Buffer>();
  for (const path of before.keys()) {
    const bytes = await readFile(join(folder, path)).catch(() => undefined);
    if (bytes === undefined) return undefined;
    files.set(path, bytes);
  }
  const after = await stampOf(folder);
  const same = before.size === after.size && [...before].every(([path, stamp]) => after.get(path) === stamp);
  return same ? files : undefined;
};

/** Size, inode and times of each file below a folder. */
const stampOf = async (folder: string): Promise<Map<string, string>> => {
  const stamps = new Map<string, string>();
  const visit = async (path: string): Promise<void> => {
    const at = join(folder, path);
    const found = await lstat(at, { bigint: true }).catch(() => undefined);
    if (found?.isDirectory())
      for (const entry of (await readdir(at).catch(() => [])).sort())
        await visit(path === '' ? entry : `${path}/${entry}`);
    else if (found?.isFile()) stamps.set(path, `${found.size} ${found.ino} ${found.mtimeNs} ${found.ctimeNs}`);
  };
  await visit('');
  return stamps;
};

/** Writes files into a folder in the place of what is there. */
export const restore = async (folder: string, files: ReadonlyMap<string, Uint8Array>): Promise<void> => {
  await rm(folder, { recursive: true, force: true });
  for (const [path, bytes] of files) {
    const target = join(folder, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, bytes);
  }
};
