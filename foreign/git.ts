import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CemiflowError } from '../core/errors.ts';
import { cacheDir } from '../setup/cache-dir.mjs';
import { inherited } from './environment.ts';

const execute = promisify(execFile);

/** Code in a git repository: `git+https://host/repository@<commit>#folder`. */
interface GitAddress {
  readonly url: string;
  /** All 40 digits: a branch or a tag may name another one tomorrow. */
  readonly commit: string;
  /** Of the repository; empty for all of it. */
  readonly folder: string;
}

const form = 'git+https://host/repository@<commit>#folder';

export const isGitAddress = (code: string): boolean => code.startsWith('git+');

/** @throws CemiflowError `AddressInvalid` */
export const gitAddress = (code: string): GitAddress => {
  const [, url = '', commit = '', folder = ''] =
    /^git\+((?:https|ssh|file):\/\/[^\s@#]*(?:@[^\s@#]+)?)@([0-9a-f]{40})(?:#([^\s#]*))?$/.exec(code) ?? [];
  const plain = folder.split('/').every((part) => part !== '..' && part !== '.git');
  if (url && plain && !folder.startsWith('/')) return { url, commit, folder };
  throw new CemiflowError('AddressInvalid', `${code} is no address of code`, {
    remedy: `write ${form}, with the commit's 40 hex digits: branches and tags move`,
    data: { code },
  });
};

/**
 * The folder of a commit on this machine: fetched once, and kept in the cache.
 *
 * @throws CemiflowError `AddressInvalid`, `CodeUnreachable`
 */
export const checkedOut = async (code: string): Promise<string> => {
  const { url, commit, folder } = gitAddress(code);
  const name = createHash('sha256').update(url).digest('hex').slice(0, 16);
  const target = join(cacheDir(inherited({})), 'git', `${name}-${commit}`);
  if (!existsSync(target)) await fetchInto(target, url, commit);
  const found = join(target, folder);
  if (existsSync(found)) return found;
  throw unreachable(code, `the commit has no folder ${folder}`);
};

const fetchInto = async (target: string, url: string, commit: string): Promise<void> => {
  const part = `${target}.part-${process.pid}-${Math.random().toString(36).slice(2)}`;
  mkdirSync(part, { recursive: true });
  // No helper of the machine's configuration may ask a person, and no hook of the repository may run.
  const env = inherited({ GIT_TERMINAL_PROMPT: '0', GIT_ASKPASS: 'true', SSH_ASKPASS: 'true' });
  const git = (...args: string[]) => execute('git', ['-C', part, '-c', 'core.hooksPath=/dev/null', ...args], { env });
  try {
    await git('init', '--quiet');
    await git('fetch', '--quiet', '--depth', '1', url, commit);
    await git('checkout', '--quiet', '--detach', 'FETCH_HEAD');
    rmSync(join(part, '.git'), { recursive: true });
    renameSync(part, target);
  } catch (cause) {
    // Another process may have been faster.
    if (existsSync(target)) return;
    throw unreachable(
      `git+${url}@${commit}`,
      `${(cause as { stderr?: string }).stderr || (cause as Error).message}`.trim(),
      cause,
    );
  } finally {
    rmSync(part, { recursive: true, force: true });
  }
};

const unreachable = (code: string, problem: string, cause?: unknown): CemiflowError =>
  new CemiflowError('CodeUnreachable', `${code} cannot be fetched: ${problem}`, {
    remedy:
      'look whether "git fetch" of that commit works on this machine; a server must allow commits to be fetched by their hash',
    data: { code },
    cause,
  });
