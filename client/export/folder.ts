import { rmSync } from 'node:fs';
import { mkdir, readdir, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import type { PutFile } from '../../artifacts/set-formats.ts';
import { CemiflowError } from '../../core/errors.ts';

/**
 * Writes a folder whole or not at all: under a temporary name beside the target, and renamed at the end, so that nobody mistakes
 * a half-written export for a whole one.
 *
 * @param target a folder that is empty or does not exist yet
 * @throws CemiflowError `ExportExists`
 */
export const writeFolder = async (
  target: string,
  write: (put: PutFile, folder: string) => Promise<void>,
): Promise<void> => {
  await refuseContent(target);
  await stage(target, write, async (folder) => {
    await refuseContent(target);
    await rmdir(target).catch(() => {});
    await rename(folder, target);
  });
};

/**
 * Writes files into a temporary folder beside the target. What `place` does not move away is removed afterwards, also where
 * Ctrl-C ends the process meanwhile.
 *
 * @param place puts them where they belong, once all are written
 */
export const stage = async (
  target: string,
  write: (put: PutFile, folder: string) => Promise<void>,
  place: (folder: string) => Promise<void>,
): Promise<void> => {
  const folder = `${target}.part-${process.pid}`;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const clean = (): void => rmSync(folder, { recursive: true, force: true });
  process.once('exit', clean);
  try {
    await write(async (path, bytes) => {
      const file = resolve(folder, ...path.split('/'));
      if (!file.startsWith(folder + sep)) throw outside(path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, bytes);
    }, folder);
    await place(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
    process.off('exit', clean);
  }
};

const refuseContent = async (path: string): Promise<void> => {
  const found = await readdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    if (error.code === 'ENOTDIR') throw exists(`${path} is a file`, path);
    throw error;
  });
  if (found.length > 0) throw exists(`${path} is not empty`, path);
};

const exists = (message: string, path: string): CemiflowError =>
  new CemiflowError('ExportExists', message, {
    remedy: 'name a folder that does not exist yet, or empty it',
    data: { path },
  });

const outside = (path: string): CemiflowError =>
  new CemiflowError('PathOutside', `a file of the export would lie at ${JSON.stringify(path)}`, {
    remedy: 'do not trust this run: cemiflow never writes such a path',
    data: { path },
  });

/** Where an export goes; default `exports/<name>` under the working folder. */
export const targetOf = (cwd: string, given: string | undefined, name: string): string =>
  given === undefined ? join(cwd, 'exports', name) : resolve(cwd, given);
