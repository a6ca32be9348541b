import { execFile } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { promisify } from 'node:util';
import type { Source } from '../core/action.ts';
import type { Digest } from '../core/digest.ts';
import type { ArtifactStore } from '../core/stage.ts';
import { lockFile, putSource, readSource, type SourceFiles } from './source-files.ts';

/** Stores a kind's source files. @param generation of the store: after a gc they are stored again */
export type KeepSource = (generation: number) => Promise<Source>;

/**
 * Reads the source of stage kinds, and keeps it in the store, once for each generation of it.
 *
 * @param root of the checkout
 * @returns reads the files of a kind whose code has this digest; throws CemiflowError `CodeChanged` where they have changed
 */
export const sourceKeeper = (store: ArtifactStore, root: string) => {
  let checkout: Promise<Checkout | undefined> | undefined;
  return async (kind: string, code: Digest): Promise<KeepSource> => {
    checkout ??= checkoutAt(root);
    const [files, git] = await Promise.all([readSource(root, kind, code), checkout]);
    const diff = await git?.diffWith(files.files.map(({ path }) => path));
    const lock = files.files.find(({ path }) => path === lockFile)?.bytes;
    return oncePerGeneration(async () => ({
      code: await putSource(store, files),
      ...(lock && { lock: (await store.putFile(lockFile, lock, 'application/json')).digest }),
      ...(git && { commit: git.commit }),
      ...(diff && { uncommitted: (await store.putFile('uncommitted.diff', Buffer.from(diff), 'text/x-diff')).digest }),
    }));
  };
};

const oncePerGeneration = (keep: () => Promise<Source>): KeepSource => {
  let kept: { readonly generation: number; readonly source: Promise<Source> } | undefined;
  return (generation) => {
    if (kept?.generation !== generation) kept = { generation, source: keep() };
    return kept.source.catch((error) => {
      // The store may have been unreachable: the next action tries again.
      kept = undefined;
      throw error;
    });
  };
};

/** Keeps the source of a kind that came from the store, which a gc may have emptied since. */
export const keeperOf = (store: ArtifactStore, source: SourceFiles): KeepSource => {
  const lock = source.files.find(({ path }) => path === lockFile)?.bytes;
  return oncePerGeneration(async () => ({
    code: await putSource(store, source),
    ...(lock && { lock: (await store.putFile(lockFile, lock, 'application/json')).digest }),
  }));
};

/** Full hash of the commit that is checked out; undefined where `root` is not the top of a git repository. */
export const commitOf = async (root: string): Promise<string | undefined> => (await checkoutAt(root))?.commit;

/** What git says of a checkout. */
interface Checkout {
  readonly commit: string;
  /**
   * What differs from the commit, in the files that git knows and in these; other files that lie there, such as photos or
   * passwords, are not part of the code.
   */
  diffWith(files: readonly string[]): Promise<string>;
}

type Git = (...args: string[]) => Promise<string>;

const execute = promisify(execFile);
/** One blob. */
const maxDiffBytes = 64 * 2 ** 20;

/** Undefined where `root` is not the top of a git repository that has a commit. */
const checkoutAt = async (root: string): Promise<Checkout | undefined> => {
  const git: Git = async (...args) =>
    (await execute('git', ['--literal-pathspecs', '-C', root, ...args], { maxBuffer: maxDiffBytes })).stdout;
  const top = await git('rev-parse', '--show-toplevel').catch(() => undefined);
  const commit = await git('rev-parse', '--verify', 'HEAD').catch(() => undefined);
  if (!top || !commit || realpathSync(top.trim()) !== realpathSync(root)) return undefined;
  const known = await ifItFits(() => git(...asPatch, 'HEAD'));
  return {
    commit: commit.trim(),
    diffWith: async (files) => {
      const diffs = [known, await ifItFits(() => diffOfNew(git, files))];
      const whole = diffs.join('');
      if (!diffs.includes(undefined) && Buffer.byteLength(whole) <= maxDiffBytes) return whole;
      // Too large for one blob: the names of changed files at least show that the tree is not the commit.
      return git('status', '--porcelain=v1', '--untracked-files=no');
    },
  };
};

const asPatch = ['diff', '--binary', '--no-color', '--no-ext-diff'] as const;

/** Of those files that git does not know. */
const diffOfNew = async (git: Git, files: readonly string[]): Promise<string> => {
  const added = (await git('ls-files', '--others', '-z', '--', ...files)).split('\0').filter(Boolean);
  const diffs: string[] = [];
  // With --no-index, git exits with 1 where files differ: that is no failure.
  for (const path of added)
    diffs.push(
      await git(...asPatch, '--no-index', '--', '/dev/null', path).catch((error) =>
        error.code === 1 ? (error.stdout as string) : Promise.reject(error),
      ),
    );
  return diffs.join('');
};

const ifItFits = (work: () => Promise<string>): Promise<string | undefined> =>
  work().catch((error) => {
    if (error.code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') return undefined;
    throw error;
  });
