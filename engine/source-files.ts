import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CodeMeta, codeCodec } from '../artifacts/codecs/code.ts';
import type { ArtifactRef } from '../core/artifact.ts';
import { type Digest, shortDigest } from '../core/digest.ts';
import { CemiflowError } from '../core/errors.ts';
import type { ArtifactStore } from '../core/stage.ts';
import { type CodeDigest, codeDigests } from '../spec/code-digest.ts';

/** Stored with the source: it pins the versions of the packages that the code imports. */
export const lockFile = 'package-lock.json';

type Putter = Pick<ArtifactStore, 'putFile' | 'putArtifact'>;

/** The files of a stage kind's import closure, as they were read. */
export interface SourceFiles {
  readonly meta: CodeMeta;
  readonly files: readonly { readonly path: string; readonly bytes: Buffer }[];
}

/**
 * @param root of the checkout
 * @throws CemiflowError `CodeChanged` where the files do not have this digest
 */
export const readSource = async (root: string, kind: string, code: Digest): Promise<SourceFiles> => {
  const found = (await codeDigests([kind], root)).get(kind);
  if (found?.digest !== code)
    throw new CemiflowError('CodeChanged', `the files of ${kind} are not those of code ${shortDigest(code)}`, {
      remedy: 'cemiflow run starts it again with the new code',
      data: { kind, wanted: code, found: found?.digest ?? null },
    });
  return sourceOf(root, kind, found);
};

/** @param beside further files to keep, which the code does not import */
export const sourceOf = async (
  root: string,
  kind: string,
  { digest: code, files: imported, entry, packages }: CodeDigest,
  beside: readonly string[] = [],
): Promise<SourceFiles> => {
  const paths = [...new Set([...imported, ...beside, lockFile])];
  const files = await Promise.all(paths.map(async (path) => ({ path, bytes: await bytesOf(root, path) })));
  return {
    meta: { kind, code, entry, packages: [...packages] },
    files: files.flatMap(({ path, bytes }) => (bytes ? [{ path, bytes }] : [])),
  };
};

/** Keeps source files as an artifact of type `code`, from which the code digest can be computed again. */
export const putSource = async (store: Putter, { meta, files }: SourceFiles): Promise<ArtifactRef> => {
  const put = files.map(({ path, bytes }) => store.putFile(path, bytes, 'text/plain; charset=utf-8'));
  return codeCodec.write(store, meta, await Promise.all(put));
};

/** Undefined for a lock file that is not there. */
const bytesOf = async (root: string, path: string): Promise<Buffer | undefined> => {
  try {
    return await readFile(join(root, path));
  } catch (error) {
    if (path === lockFile && (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
};
