import { closeSync, mkdirSync, openSync, readdirSync, readSync, rmSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { CemiflowError } from '../core/errors.ts';

/** Where a worker keeps what does not fit into memory: on a disk, which the folder for temporary files often is not. */
export const scratchFolder = (env: { readonly [name: string]: string | undefined } = process.env): string =>
  env.CEMIFLOW_SCRATCH || join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'cemiflow', 'scratch');

/** Files of one stage, for what does not fit into memory. They are made when needed, and removed with `close`. */
export class Scratch {
  readonly #parent: string;
  #folder: string | undefined;
  #files: ScratchFile[] = [];

  /** @param parent default `scratchFolder()` */
  constructor(parent = scratchFolder()) {
    this.#parent = parent;
  }

  /** @throws CemiflowError `ScratchFailed` */
  async file(): Promise<ScratchFile> {
    const path = join(this.#folderOf(), `${this.#files.length}`);
    const file = new ScratchFile(path, await open(path, 'wx').catch(scratchFailed(path)));
    this.#files.push(file);
    return file;
  }

  async close(): Promise<void> {
    await Promise.all(this.#files.splice(0).map((file) => file.close()));
    if (this.#folder) rmSync(this.#folder, { recursive: true, force: true });
    this.#folder = undefined;
  }

  #folderOf(): string {
    if (this.#folder) return this.#folder;
    try {
      mkdirSync(this.#parent, { recursive: true });
      removeLeftovers(this.#parent);
      this.#folder = join(this.#parent, `${process.pid}-${Math.random().toString(36).slice(2)}`);
      mkdirSync(this.#folder);
    } catch (cause) {
      return scratchFailed(this.#parent)(cause);
    }
    return this.#folder;
  }
}

/** A file that is written from its beginning to its end, and read anywhere, by any thread. */
export class ScratchFile {
  readonly path: string;
  readonly #handle: FileHandle;
  #bytes = 0;

  constructor(path: string, handle: FileHandle) {
    this.path = path;
    this.#handle = handle;
  }

  /** @returns byte of the file at which `bytes` begins @throws CemiflowError `ScratchFailed` */
  async append(bytes: Uint8Array): Promise<number> {
    const from = this.#bytes;
    this.#bytes += bytes.length;
    await this.#handle.writeFile(bytes).catch(scratchFailed(this.path));
    return from;
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

/** Reads `into.length` bytes of a scratch file. It is opened each time: that is cheap beside what is done with the bytes. */
export const readScratch = (path: string, from: number, into: Uint8Array): void => {
  const file = openSync(path, 'r');
  try {
    for (let done = 0; done < into.length; ) {
      const read = readSync(file, into, done, into.length - done, from + done);
      if (read === 0) throw new RangeError(`${path} ends before byte ${from + into.length}`);
      done += read;
    }
  } finally {
    closeSync(file);
  }
};

/** Folders of processes that ended without removing them. */
export const removeLeftovers = (parent: string): void => {
  for (const name of readdirSync(parent)) {
    const pid = Number(/^(\d+)-/.exec(name)?.[1]);
    if (pid > 0 && !isRunning(pid)) rmSync(join(parent, name), { recursive: true, force: true });
  }
};

const isRunning = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};

const scratchFailed =
  (path: string) =>
  (cause: unknown): never => {
    throw new CemiflowError('ScratchFailed', `cannot write ${path}: ${(cause as Error).message}`, {
      remedy: 'free some space, or name a folder on a larger disk in CEMIFLOW_SCRATCH',
      data: { path, code: (cause as NodeJS.ErrnoException).code ?? null },
      retryable: true,
      cause,
    });
  };
