import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { CemiflowError } from '../core/errors.ts';
import { runProgram } from './program.ts';

/** Where systems keep programs and what these need. */
const system = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/etc', '/opt', '/nix', '/gnu'];

export interface SandboxOptions {
  /** Folders that it may write to: where it starts, and the one for temporary files. */
  readonly writable: readonly string[];
  /** Folders that it may read beside the system's, such as installed packages. */
  readonly readable: readonly string[];
  /** Of the program: programs are looked for in its PATH. */
  readonly env: { readonly [name: string]: string };
  readonly gpus: number;
}

/**
 * A command that runs another one without a network, and without any file but those of the system, of the folders in which PATH looks
 * for programs, and of its own folder: by bubblewrap (https://github.com/containers/bubblewrap), in namespaces of its own.
 */
export const sandboxed = (command: readonly string[], { writable, readable, env, gpus }: SandboxOptions): string[] => {
  const shown = new Set<string>();
  const show = (path: string): string[] => {
    const covered = !existsSync(path) || [...shown].some((each) => path === each || path.startsWith(each + sep));
    if (covered) return [];
    shown.add(path);
    return ['--ro-bind', path, path];
  };
  const programs = (env.PATH ?? '')
    .split(':')
    .filter(Boolean)
    .flatMap((path) => placesOf(path, env.HOME));
  return [
    ...['bwrap', '--unshare-all', '--die-with-parent', '--new-session', '--cap-drop', 'ALL', '--hostname', 'sandbox'],
    ...['--proc', '/proc', '--dev', '/dev', '--tmpfs', '/tmp'],
    // An empty home: programs write their settings there.
    ...(env.HOME ? ['--tmpfs', env.HOME] : []),
    ...[...system, ...programs, ...readable].flatMap(show),
    ...(gpus > 0 ? [...devices().flatMap((path) => ['--dev-bind', path, path]), '--ro-bind', '/sys', '/sys'] : []),
    ...writable.flatMap((path) => ['--bind', path, path]),
    ...['--chdir', writable[0] ?? '/', '--', ...command],
  ];
};

/** A folder of programs with what belongs to it: below a home, all of the folder there, such as `~/.pyenv` or `~/miniconda3`. */
const placesOf = (path: string, home: string | undefined): string[] => {
  if (!existsSync(path)) return [];
  return [...new Set([path, realpathSync(path)])].map((each) => {
    const inside = home === undefined ? '..' : relative(home, each);
    if (inside === '' || inside.startsWith('..')) return dirname(each) === '/' ? each : dirname(each);
    return join(home as string, inside.split(sep)[0] as string);
  });
};

const devices = (): string[] =>
  readdirSync('/dev')
    .filter((name) => /^(nvidia|dri$|kfd$)/.test(name))
    .map((name) => join('/dev', name));

/** @throws CemiflowError `SandboxUnavailable` where there is no bubblewrap, or the kernel refuses it */
export const requireSandbox = async (options: SandboxOptions, signal: AbortSignal): Promise<void> => {
  let printed = '';
  const ended = await runProgram({
    ...{ command: sandboxed(['true'], options), cwd: '/', env: options.env, graceMs: 1000, signal },
    onOutput: (_, bytes) => {
      printed += bytes;
    },
  }).catch((error) => {
    if (error.code !== 'ProgramNotFound') throw error;
    return undefined;
  });
  signal.throwIfAborted();
  if (ended?.code === 0) return;
  throw new CemiflowError(
    'SandboxUnavailable',
    `the program asks for a sandbox, and there is none: ${printed.trim() || 'bwrap is not installed'}`,
    {
      remedy: 'install bubblewrap on the machines of the workers, and allow user namespaces; or leave sandbox out',
    },
  );
};
