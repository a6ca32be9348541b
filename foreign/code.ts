import { createHash } from 'node:crypto';
import { chmod, lstat, mkdir, readdir, readFile, realpath, stat, writeFile } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import ignore, { type Ignore } from 'ignore';
import { type ArtifactManifest, type ArtifactRef, type FileEntry, manifestDigest } from '../core/artifact.ts';
import { lanes, mapBounded } from '../core/bounded.ts';
import type { Digest } from '../core/digest.ts';
import { CemiflowError } from '../core/errors.ts';
import type { ArtifactStore } from '../core/stage.ts';
import { checkedOut, isGitAddress } from './git.ts';

/** Files that say what of a folder is no code, strongest last. */
const ignoreFiles = ['.gitignore', '.cemiflowignore'];
/** What is never code: it is made from code, or is somebody's workshop. */
const never = [
  '.git/',
  '__pycache__/',
  '*.pyc',
  '.venv/',
  'venv/',
  'node_modules/',
  '.ipynb_checkpoints/',
  '.DS_Store',
];

const largestBytes = 64 * 2 ** 20;
const mostFiles = 10_000;

/** A file of a folder of code. */
interface CodeFile {
  /** From the folder, with `/`. */
  readonly path: string;
  /** Where it lies, links resolved. */
  readonly location: string;
  readonly bytes: number;
  readonly executable: boolean;
}

/**
 * The files of a folder of code, sorted by path: all but those that `.gitignore` and `.cemiflowignore` of the folder and of folders
 * in it name, and what is never code. Links are followed to what lies in the folder.
 *
 * @throws CemiflowError `FolderNotFound`, `CodeTooLarge`, `CodeLink`
 */
export const codeFiles = async (folder: string): Promise<CodeFile[]> => {
  const root = await realpath(folder).catch((cause) => {
    throw notFound(folder, cause);
  });
  if (!(await stat(root)).isDirectory()) throw notFound(folder);
  const files: CodeFile[] = [];
  await walk(root, '', [{ at: '', rules: ignore().add(never) }], files, [root]);
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
};

/** What the ignore files of one folder say of what lies below it. */
interface Rules {
  readonly at: string;
  readonly rules: Ignore;
}

const walk = async (
  root: string,
  path: string,
  above: readonly Rules[],
  files: CodeFile[],
  entered: readonly string[],
): Promise<void> => {
  const here = join(root, path);
  const own = ignore();
  for (const name of ignoreFiles) own.add(await readFile(join(here, name), 'utf8').catch(() => ''));
  const rules = [...above, { at: path, rules: own }];
  for (const name of (await readdir(here)).sort()) {
    const inner = path === '' ? name : `${path}/${name}`;
    const location = await locate(root, inner);
    if (location === undefined) continue;
    if (location === 'outside') {
      if (isIgnored(inner, false, rules) || isIgnored(inner, true, rules)) continue;
      throw linkOut(inner);
    }
    const found = await stat(location);
    if (isIgnored(inner, found.isDirectory(), rules)) continue;
    if (found.isDirectory()) {
      if (!entered.includes(location)) await walk(root, inner, rules, files, [...entered, location]);
    } else if (found.isFile()) {
      files.push({ path: inner, location, bytes: found.size, executable: (found.mode & 0o100) !== 0 });
      checkSize(files, root);
    }
  }
};

/** The deepest folder that says something of a path decides. */
const isIgnored = (path: string, isFolder: boolean, rules: readonly Rules[]): boolean => {
  for (const { at, rules: each } of [...rules].reverse()) {
    const inner = at === '' ? path : path.slice(at.length + 1);
    const { ignored, unignored } = each.test(isFolder ? `${inner}/` : inner);
    if (ignored || unignored) return ignored;
  }
  return false;
};

/** Where a file lies, links resolved; undefined for a broken link. */
const locate = async (root: string, path: string): Promise<string | 'outside' | undefined> => {
  const at = join(root, path);
  if (!(await lstat(at)).isSymbolicLink()) return at;
  const location = await realpath(at).catch(() => undefined);
  if (location === undefined || location === root || location.startsWith(root + sep)) return location;
  return 'outside';
};

const linkOut = (path: string): CemiflowError =>
  new CemiflowError('CodeLink', `${path} in the folder of code is a link to what lies outside it`, {
    remedy: 'put a copy in its place, or its name into .cemiflowignore',
    data: { path },
  });

const checkSize = (files: readonly CodeFile[], root: string): void => {
  const last = files.at(-1);
  if (last && last.bytes > largestBytes)
    throw tooLarge(`${last.path} has ${last.bytes} bytes, at most ${largestBytes}`, root);
  if (files.length > mostFiles) throw tooLarge(`the folder of code holds over ${mostFiles} files`, root);
};

const tooLarge = (message: string, root: string): CemiflowError =>
  new CemiflowError('CodeTooLarge', message, {
    remedy: 'name what is no code in .cemiflowignore; data belongs to inputs',
    data: { folder: root },
  });

const notFound = (folder: string, cause?: unknown): CemiflowError =>
  new CemiflowError('FolderNotFound', `there is no folder ${folder}`, {
    remedy: 'correct the path; a relative one starts from the folder of the spec',
    data: { path: folder },
    cause,
  });

/**
 * Digest of code: that of the artifact that `storeCode` makes of it. The same files have the same, in a folder or in a repository.
 *
 * @param code a folder, or `git+https://…@<commit>`
 * @throws CemiflowError as `codeFiles` and `checkedOut`
 */
export const codeDigest = async (code: string): Promise<Digest> => {
  const files = await codeFiles(await folderOf(code));
  const entries = await mapBounded(files, lanes, async (file): Promise<FileEntry> => {
    const bytes = await readFile(file.location);
    const digest: Digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    return { path: file.path, digest, bytes: bytes.length, mediaType };
  });
  return manifestDigest(manifestOf(files, entries));
};

/** Keeps code in the store. @throws CemiflowError as `codeDigest` */
export const storeCode = async (code: string, store: ArtifactStore): Promise<ArtifactRef> => {
  const files = await codeFiles(await folderOf(code));
  const entries = await mapBounded(files, lanes, async ({ path, location }) =>
    store.putFile(path, await readFile(location), mediaType),
  );
  return store.putArtifact(manifestOf(files, entries));
};

const folderOf = async (code: string): Promise<string> => (isGitAddress(code) ? checkedOut(code) : code);

const mediaType = 'application/octet-stream';

const manifestOf = (files: readonly CodeFile[], entries: readonly FileEntry[]): ArtifactManifest => ({
  type: 'files',
  meta: { executable: files.filter(({ executable }) => executable).map(({ path }) => path) },
  files: entries,
});

/** Writes the files of an artifact into an empty folder. */
export const layOut = async (ref: ArtifactRef, folder: string, store: ArtifactStore): Promise<void> => {
  const { files, meta } = await store.getArtifact(ref);
  const executable = new Set(Array.isArray(meta.executable) ? meta.executable : []);
  await mapBounded(files, 4, async ({ path, digest }) => {
    const target = join(folder, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, await store.getBlob(digest));
    if (executable.has(path)) await chmod(target, 0o755);
  });
};
