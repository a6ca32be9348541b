import { execFile } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { promisify } from 'node:util';
import type { Source } from '../core/action.ts';
import type { Digest } from '../core/digest.ts';
import type { ArtifactStore } from '../core/stage.ts';
import { lockFile, putSource, readSource } from '../provenance/source.ts';

/** Keeps a kind's source in the store. @param generation of the store: after a gc it is kept again */
export type KeepSource = (generation: number) => Promise<Source>;

/**
 * Reads the source of stage kinds, and keeps it in the store, once for each generation of it.
 *
 * @param root of the checkout
 * @returns reads the files of a kind whose code has this digest; throws CemiflowError `CodeChanged` where they have changed
 */
export const sourceKeeper = (store: ArtifactStore, root: string) => {
  let git: Promise<GitState> | undefined;
  return async (kind: string, code: Digest): Promise<KeepSource> => {
    git ??= gitState(root);
    const [files, state] = await Promise.all([readSource(root, kind, code), git]);
    const lock = files.files.find(({ path }) => path === lockFile)?.bytes;
    let kept: { readonly generation: number; readonly source: Promise<Source> } | undefined;
    const keep = async (): Promise<Source> => ({
      code: await putSource(store, files),
      ...(lock && { lock: (await store.putFile(lockFile, lock, 'application/json')).digest }),
      ...(state.commit && { commit: state.commit }),
      ...(state.diff && { uncommitted: (await store.putFile('uncommitted.diff', state.diff, 'text/x-diff')).digest }),
    });
    return (generation) => {
      if (kept?.generation !== generation) kept = { generation, source: keep() };
      return kept.source.catch((error) => {
        // A store that was away: the next action may try again.
        kept = undefined;
        throw error;
      });
    };
  };
};

/** What git says of a checkout. */
interface GitState {
  readonly commit?: string;
  /** What differs from the commit, new files among it. */
  readonly diff?: Buffer;
}

const execute = promisify(execFile);
/** One blob. */
const maxDiffBytes = 64 * 2 ** 20;

/** Nothing where `root` is not the top of a git repository. */
const gitState = async (root: string): Promise<GitState> => {
  const git = async (...args: string[]): Promise<string> =>
    (await execute('git', ['-C', root, ...args], { maxBuffer: maxDiffBytes })).stdout;
  const top = await git('rev-parse', '--show-toplevel').catch(() => undefined);
  const commit = await git('rev-parse', '--verify', 'HEAD').catch(() => undefined);
  if (!top || !commit || realpathSync(top.trim()) !== realpathSync(root)) return {};
  const diff = await uncommittedDiff(git);
  return { commit: commit.trim(), ...(diff !== '' && { diff: Buffer.from(diff) }) };
};

const uncommittedDiff = async (git: (...args: string[]) => Promise<string>): Promise<string> => {
  try {
    const added = (await git('ls-files', '--others', '--exclude-standard', '-z')).split('\0').filter(Boolean);
    const diffs = [await git('diff', '--binary', '--no-color', '--no-ext-diff', 'HEAD')];
    // Differences are no failure, but git says 1 for them here.
    for (const path of added)
      diffs.push(
        await git('diff', '--binary', '--no-color', '--no-index', '--', '/dev/null', path).catch((error) =>
          error.code === 1 ? (error.stdout as string) : Promise.reject(error),
        ),
      );
    const diff = diffs.join('');
    if (Buffer.byteLength(diff) <= maxDiffBytes) return diff;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') throw error;
  }
  // Too large for one blob: their names, so that nobody takes the tree for the commit.
  return git('status', '--porcelain=v1');
};
