import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArtifactRef, FileEntry } from '../core/artifact.ts';
import { type Digest, shortDigest } from '../core/digest.ts';
import { CemiflowError } from '../core/errors.ts';
import type { ArtifactStore } from '../core/stage.ts';
import { codeDigests } from '../schemas/code-digest.ts';

/** Kept with the source: it says which versions the packages had that the code imports. */
export const lockFile = 'package-lock.json';

type Putter = Pick<ArtifactStore, 'putFile' | 'putArtifact'>;

/**
 * Keeps the files of a stage kind's import closure as an artifact of type `code`, from which its code digest can be computed
 * again.
 *
 * @param root of the checkout
 * @throws CemiflowError `CodeChanged` where its files do not have this digest
 */
export const putSource = async (store: Putter, root: string, kind: string, code: Digest): Promise<ArtifactRef> => {
  const found = (await codeDigests([kind], root)).get(kind);
  if (found?.digest !== code)
    throw new CemiflowError('CodeChanged', `the files of ${kind} are not those of code ${shortDigest(code)}`, {
      remedy: 'cemiflow run starts it again with the new code',
      data: { kind, wanted: code, found: found?.digest ?? null },
    });
  const paths = [...new Set([...found.files, lockFile])];
  const files = await Promise.all(paths.map((path) => putFile(store, root, path)));
  const meta = { kind, code, packages: [...found.packages] };
  return store.putArtifact({ type: 'code', meta, files: files.flatMap((file) => file ?? []) });
};

/** Undefined for a lock file that is not there. */
const putFile = async (store: Putter, root: string, path: string): Promise<FileEntry | undefined> => {
  try {
    return await store.putFile(path, await readFile(join(root, path)), 'text/plain; charset=utf-8');
  } catch (error) {
    if (path === lockFile && (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
};
