import { existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { repository } from '../../schemas/kind-places.ts';

/** A file of a kind of a user's own, by its path in the kind's folder. */
export interface OwnFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** Where the folder of an own kind stands in a checkout that has it: the one place where such kinds are. */
export const placeOfOwn = (kind: string): string => `kinds/${kind.slice(kind.indexOf('/') + 1)}`;

/**
 * Runs `body` with a folder that looks like this checkout with one stage kind more: so its code is bundled, digested and kept as that
 * of any other, wherever its own folder lies.
 *
 * @param body is given the folder, and the path of the kind's `stage.ts` in it
 */
export const withOwnCheckout = async <T>(
  kind: string,
  files: readonly OwnFile[],
  body: (root: string, entry: string) => Promise<T>,
): Promise<T> => {
  const root = mkdtempSync(join(tmpdir(), 'cemiflow-kind-'));
  try {
    await writeOwn(join(root, placeOfOwn(kind)), files);
    for (const name of readdirSync(repository))
      if (!name.startsWith('.') && !existsSync(join(root, name))) symlinkSync(join(repository, name), join(root, name));
    return await body(root, `${placeOfOwn(kind)}/stage.ts`);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
};

/** Writes the files of an own kind into a folder. */
export const writeOwn = async (folder: string, files: readonly OwnFile[]): Promise<void> => {
  for (const { path, bytes } of files) {
    const target = join(folder, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, bytes);
  }
};
