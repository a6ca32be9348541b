import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Digest } from '../../core/digest.ts';
import { CemiflowError } from '../../core/errors.ts';
import { codeFiles } from '../../foreign/code.ts';
import { type CodeDigest, moduleCode } from '../../spec/code-digest.ts';
import type { OwnKind } from '../../spec/own-kinds.ts';
import { type SourceFiles, sourceOf } from '../source-files.ts';
import { bundleOwn } from './bundle.ts';
import { type OwnFile, placeOfOwn, withOwnCheckout, writeOwn } from './checkout.ts';

/** The code of a kind of a user's own, as its folder holds it now. */
export interface OwnCode {
  readonly code: CodeDigest;
  /** What is kept of it: enough for any worker to run it. */
  readonly source: SourceFiles;
}

/**
 * Reads and digests the code of an own kind. What ignore files name is left out.
 *
 * @throws CemiflowError `CodeUnreadable`, `PackageMissing`, and as `codeFiles`
 */
export const readOwnKind = async ({ kind, folder }: Pick<OwnKind, 'kind' | 'folder'>): Promise<OwnCode> => {
  const listed = await codeFiles(folder);
  const files = await Promise.all(
    listed.map(async ({ path, location }): Promise<OwnFile> => ({ path, bytes: await readFile(location) })),
  );
  return withOwnCheckout(kind, files, async (root, entry) => {
    const found = await codeIn(root, entry, kind);
    await requireAlone(files);
    return found;
  });
};

/** @param root of a checkout that has the kind, see `withOwnCheckout` */
export const codeIn = async (root: string, entry: string, kind: string): Promise<OwnCode> => {
  const code = await moduleCode(entry, root);
  return { code, source: await sourceOf(root, kind, code, [`${placeOfOwn(kind)}/schema.json`]) };
};

/** As workers will have them: without a checkout around them. @throws CemiflowError `CodeUnreadable` */
const requireAlone = async (files: readonly OwnFile[]): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'cemiflow-kind-'));
  try {
    await writeOwn(folder, files);
    await bundleOwn(folder, (path) => path);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

/** @throws CemiflowError `CodeChanged` */
export const requireCode = (kind: string, found: Digest, wanted: Digest): void => {
  if (found === wanted) return;
  throw new CemiflowError('CodeChanged', `${kind} does not come to the code that it was planned with`, {
    remedy: 'cemiflow run starts it again; all machines must have the same version of cemiflow',
    data: { kind, wanted, found },
  });
};
