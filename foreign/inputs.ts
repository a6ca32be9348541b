import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { openSet } from '../artifacts/export-set.ts';
import { type SetFormat, writeSet } from '../artifacts/set-formats.ts';
import type { ArtifactRef } from '../core/artifact.ts';
import { CemiflowError } from '../core/errors.ts';
import type { ArtifactStore } from '../core/stage.ts';
import { layOut } from './code.ts';

/** What a program is given of another stage. */
export interface Input {
  readonly from: ArtifactRef;
  readonly as: 'auto' | 'files' | SetFormat;
  /** Below the folder that the program starts in; null: `inputs/NAME`. */
  readonly path: string | null;
}

/**
 * Lays an artifact out as files. Image files stay as they are in every format; generated ones say in their metadata that they are.
 *
 * @param folder that is made; with a path, files that are one file alone are this path themselves
 * @throws CemiflowError `NoImages`, `InputFormat`, and the store's
 */
export const layOutInput = async ({ from, as, path }: Input, folder: string, store: ArtifactStore): Promise<void> => {
  const [only, ...more] = from.type === 'files' && path !== null ? (await store.getArtifact(from)).files : [];
  if (only && more.length === 0) {
    await mkdir(dirname(folder), { recursive: true });
    await writeFile(folder, await store.getBlob(only.digest));
    return;
  }
  await mkdir(folder, { recursive: true });
  const format = as === 'auto' ? (from.type === 'dataset' ? 'folder' : 'files') : as;
  if (format === 'files') return layOut(from, folder, store);
  if (from.type !== 'dataset')
    throw new CemiflowError('InputFormat', `${from.type} cannot be laid out as ${format}: that is for sets of images`, {
      remedy: 'leave "as" out, or write as: files',
      data: { type: from.type, as },
    });
  const set = await openSet(store, from);
  await writeSet(format, set.samples(), set, folder, async (path, bytes) => {
    const target = join(folder, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, bytes);
  });
};
