import { stat } from 'node:fs/promises';
import type { Digest } from '../core/digest.ts';
import { CemiflowError } from '../core/errors.ts';
import { folderDigest, hashFile } from './folder/digest.ts';

/**
 * Digest of what lies at a path: of a file's bytes, or of a folder's files.
 *
 * @throws CemiflowError `FolderNotFound` where there is neither, `LinkOutside`
 */
export const contentDigest = async (path: string): Promise<Digest> => {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(error.code ?? '')) return undefined;
    throw error;
  });
  if (found?.isFile()) return (await hashFile(path)).digest;
  if (found?.isDirectory()) return (await folderDigest(path)).digest;
  throw new CemiflowError('FolderNotFound', `there is no file or folder ${path}`, {
    remedy:
      'correct the path; if it was moved during a run, move it back and "cemiflow retry", or "cemiflow abort" and run the spec with the new path',
    data: { path },
  });
};
