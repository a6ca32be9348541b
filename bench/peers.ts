import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CemiflowError } from '../core/errors.ts';
import { cacheDir } from '../setup/cache-dir.mjs';
import { ensureEntry, readStamp } from '../setup/entry.mjs';
import { acquireLock } from '../setup/lock.mjs';
import { CommandFailed, run } from '../setup/run.mjs';
import type { Context } from './benchmark.ts';

export type Peers = 'torch' | 'workflow';

/** Python of an environment. */
export interface PythonPeers {
  readonly python: string;
  /** Package to version, of everything that is installed. */
  readonly versions: { readonly [name: string]: string };
}

/** A Python environment to be: what it is called, and what goes into it. */
export interface Environment {
  readonly name: string;
  /** Path of the requirements file. */
  readonly requirements: string;
}

/** The environment of `bench/peers/<name>.txt`. @throws CemiflowError `PeerMissing` */
export const ensurePeers = (name: Peers, context: Pick<Context, 'env' | 'note'>): Promise<PythonPeers> =>
  ensureEnvironment({ name, requirements: join(import.meta.dirname, 'peers', `${name}.txt`) }, context);

/**
 * Makes the environment in the cache folder (`XDG_CACHE_HOME`, as set-up does), once for each content of the
 * requirements file. It is renamed into place, so its scripts do not run: use `python -m`.
 *
 * @throws CemiflowError `PeerMissing`
 */
export const ensureEnvironment = async (
  { name, requirements }: Environment,
  { env, note }: Pick<Context, 'env' | 'note'>,
): Promise<PythonPeers> => {
  const digest = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12);
  const folder = join(cacheDir(env), 'peers');
  const dir = join(folder, `${name}-${digest}`);
  mkdirSync(folder, { recursive: true });
  if (!readStamp(dir)) await install(name, dir, requirements, { env, note });
  const versions = readFileSync(join(dir, installedName), 'utf8')
    .split('\n')
    .flatMap((line) => (line.includes('==') ? [line.split('==') as [string, string]] : []));
  return { python: join(dir, 'bin', 'python'), versions: Object.fromEntries(versions) };
};

const installedName = 'installed.txt';

const install = async (
  name: string,
  dir: string,
  requirements: string,
  { env, note }: Pick<Context, 'env' | 'note'>,
): Promise<void> => {
  const onWait = ({ pid }: { pid: number }): void => note(`waiting for process ${pid}, which installs ${name}`);
  const release = await acquireLock(`${dir}.lock`, { onWait });
  const log = `${dir}.log`;
  try {
    await ensureEntry(dir, async (temporary: string) => {
      note(`installing ${name} with pip, which may take minutes: ${log}`);
      await run('python3', ['-m', 'venv', temporary], { env, log });
      const pip = (...args: string[]) => run(join(temporary, 'bin', 'python'), ['-m', 'pip', ...args], { env, log });
      await pip('install', '--no-input', '--disable-pip-version-check', '-r', requirements);
      writeFileSync(join(temporary, installedName), await pip('freeze', '--disable-pip-version-check'));
      return { files: ['pyvenv.cfg', installedName] };
    });
  } catch (cause) {
    if (!(cause instanceof CommandFailed)) throw cause;
    throw new CemiflowError('PeerMissing', `the Python packages of ${name} could not be installed: ${cause.message}`, {
      remedy: `see ${log}; they need Python 3 with pip and venv, and its package index`,
      data: { name, log },
      cause,
    });
  } finally {
    release();
  }
};
