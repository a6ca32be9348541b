import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { CemiflowError } from '../core/errors.ts';
import { cacheDir } from '../setup/cache-dir.mjs';
import { acquireLock } from '../setup/lock.mjs';
import { ProgramLog } from './log.ts';
import { runProgram } from './program.ts';
import type { Workspace } from './workspace.ts';

/** Packages that a lock file names, installed once on this machine. */
export interface Packages {
  /** What the program's environment gets. */
  readonly env: { readonly [name: string]: string };
  /** Folders that it reads them from. */
  readonly readable: readonly string[];
}

interface Installer {
  /** What else must lie beside the lock file. */
  readonly beside: readonly string[];
  /** What says which packages the same lock file gives: versions of interpreters. */
  readonly version: readonly string[];
  /** Programs that fill the folder, one after the other. @param code where the lock file lies */
  commands(folder: string, code: string, lock: string): readonly (readonly string[])[];
  /** Makes the packages those of a program. */
  use(folder: string, workspace: Pick<Workspace, 'folder'>, path: string): Pick<Packages, 'env'>;
}

/** By the name of the lock file. */
const installers: { readonly [lock: string]: Installer } = {
  'requirements.txt': {
    beside: [],
    version: ['python3', '-c', 'import sys; print(sys.version, sys.platform)'],
    commands: (folder, code, lock) => [
      ['python3', '-m', 'venv', folder],
      // Each with its hash, or none: what a name and a version mean may change.
      [
        join(folder, 'bin/python'),
        '-m',
        'pip',
        'install',
        '--quiet',
        '--disable-pip-version-check',
        '--require-hashes',
        '--requirement',
        join(code, lock),
      ],
    ],
    use: (folder, _workspace, path) => ({ env: { VIRTUAL_ENV: folder, PATH: `${join(folder, 'bin')}:${path}` } }),
  },
  'package-lock.json': {
    beside: ['package.json'],
    version: ['node', '-p', 'process.versions.modules + process.platform + process.arch'],
    commands: (folder) => [['npm', 'ci', '--prefix', folder, '--no-audit', '--no-fund']],
    use: (folder, workspace, path) => {
      symlinkSync(join(folder, 'node_modules'), join(workspace.folder, 'node_modules'));
      return { env: { PATH: `${join(folder, 'node_modules/.bin')}:${path}` } };
    },
  },
  'uv.lock': {
    beside: ['pyproject.toml'],
    version: ['uv', '--version'],
    commands: (folder) => [['uv', 'sync', '--frozen', '--no-install-project', '--project', folder]],
    use: (folder, _workspace, path) => ({
      env: { VIRTUAL_ENV: join(folder, '.venv'), PATH: `${join(folder, '.venv/bin')}:${path}` },
    }),
  },
};

export const lockFiles: readonly string[] = Object.keys(installers);

interface Surroundings {
  readonly workspace: Pick<Workspace, 'folder'>;
  /** Of the program. */
  readonly env: { readonly [name: string]: string };
  readonly signal: AbortSignal;
  readonly log: (message: string) => void;
}

/**
 * Installs what a lock file names into a folder of this machine's cache, unless it was before, and makes it the program's.
 *
 * @param lock path of the lock file in the folder of code
 * @throws CemiflowError `LockFileInvalid`, `EnvironmentFailed`, `ProgramNotFound`
 */
export const installPackages = async (lock: string, around: Surroundings): Promise<Packages> => {
  const { workspace, env, log } = around;
  const installer = installers[basename(lock)];
  if (installer === undefined) throw invalid(lock, `is none of ${lockFiles.join(', ')}`);
  const code = join(workspace.folder, dirname(lock));
  const files = [basename(lock), ...installer.beside];
  const missing = files.find((name) => !existsSync(join(code, name)));
  if (missing !== undefined) throw invalid(lock, `needs ${missing} in the folder of code`);
  const version = await printed(installer.version, around);
  const hash = createHash('sha256').update(version);
  for (const name of files) hash.update(`\n${name}\n`).update(readFileSync(join(code, name)));
  const folder = join(cacheDir(env), 'environments', hash.digest('hex').slice(0, 32));
  const done = join(folder, '.cemiflow-done');
  const release = await acquireLock(`${folder}.lock`, {
    onWait: () => log(`waiting for another worker that installs ${lock}`),
  });
  try {
    if (!existsSync(done)) {
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder, { recursive: true });
      for (const name of files) copyFileSync(join(code, name), join(folder, name));
      log(`installing ${lock} into ${folder}`);
      for (const command of installer.commands(folder, code, basename(lock))) await printed(command, around);
      writeFileSync(done, '');
    }
  } finally {
    release();
  }
  return { ...installer.use(folder, workspace, env.PATH ?? ''), readable: [folder] };
};

/** Runs a program to its end. @returns what it printed @throws CemiflowError `EnvironmentFailed` */
const printed = async (command: readonly string[], { workspace, env, signal }: Surroundings): Promise<string> => {
  const log = new ProgramLog();
  const { code } = await runProgram({
    ...{ command, cwd: workspace.folder, env, signal, graceMs: 2000 },
    onOutput: (_, bytes) => log.add(bytes),
  });
  signal.throwIfAborted();
  const text = `${log.bytes()}`;
  if (code === 0) return text;
  const last = text.trimEnd().split('\n').slice(-15).join('\n');
  throw new CemiflowError('EnvironmentFailed', `${command.join(' ')} ended with status ${code}:\n${last}`, {
    remedy:
      'mend the lock file; of requirements.txt each line needs its --hash ("pip-compile --generate-hashes" writes them)',
    data: { command: [...command] },
  });
};

const invalid = (lock: string, problem: string): CemiflowError =>
  new CemiflowError('LockFileInvalid', `the lock file ${lock} ${problem}`, {
    remedy: `name a ${lockFiles.join(', a ')} that lies in the folder of code`,
    data: { lock },
  });
