import { execFile } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { promisify } from 'node:util';
import type { Source } from '../core/action.ts';
import type { Digest } from '../core/digest.ts';
import type { ArtifactStore } from '../core/stage.ts';
import { lockFile, putSource } from '../provenance/source.ts';

/**
 * Keeps the source of stage kinds in the store, each once in a process.
 *
 * @param root of the checkout
 * @returns for a kind whose code has this digest, what its records say of the code
 * @throws CemiflowError `CodeChanged` where the files have changed meanwhile
 */
export const sourceKeeper = (store: ArtifactStore, root: string) => {
  const kept = new Map<string, Promise<Source>>();
  let uncommitted: Promise<Pick<Source, 'commit' | 'uncommitted'>> | undefined;
  const keep = async (kind: string, digest: Digest): Promise<Source> => {
    const code = await putSource(store, root, kind, digest);
    const lock = (await store.getArtifact(code)).files.find(({ path }) => path === lockFile)?.digest;
    uncommitted ??= gitState(store, root);
    return { code, ...(lock && { lock }), ...(await uncommitted) };
  };
  return (kind: string, code: Digest): Promise<Source> => {
    const name = `${kind} ${code}`;
    const pending = kept.get(name) ?? keep(kind, code);
    kept.set(name, pending);
    return pending.catch((error) => {
      // A store that was away, a file that could not be opened: the next stage may ask again.
      kept.delete(name);
      uncommitted = undefined;
      throw error;
    });
  };
};

const execute = promisify(execFile);
/** One blob. */
const maxDiffBytes = 64 * 2 ** 20;

/** The commit, and what differs from it, new files among it; nothing where `root` is not the top of a git repository. */
const gitState = async (store: ArtifactStore, root: string): Promise<Pick<Source, 'commit' | 'uncommitted'>> => {
  const git = async (...args: string[]): Promise<string> =>
    (await execute('git', ['-C', root, ...args], { maxBuffer: maxDiffBytes })).stdout;
  const top = await git('rev-parse', '--show-toplevel').catch(() => undefined);
  const commit = await git('rev-parse', '--verify', 'HEAD').catch(() => undefined);
  if (!top || !commit || realpathSync(top.trim()) !== realpathSync(root)) return {};
  const diff = await uncommittedDiff(git);
  if (diff === '') return { commit: commit.trim() };
  const { digest } = await store.putFile('uncommitted.diff', Buffer.from(diff), 'text/x-diff; charset=utf-8');
  return { commit: commit.trim(), uncommitted: digest };
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
