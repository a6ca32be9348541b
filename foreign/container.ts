import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { CemiflowError } from '../core/errors.ts';
import { chosen } from './environment.ts';
import { markVariable } from './strays.mjs';

export interface ContainerOptions {
  /** `registry/name@sha256:…` */
  readonly image: string;
  /** Folders that it finds under their own paths; it starts in the first. */
  readonly folders: readonly string[];
  /** Of the program, without what is the worker's own. */
  readonly env: { readonly [name: string]: string };
  readonly gpus: number;
  readonly network: boolean;
  /** Where the file of variables will lie: outside of what the program sees. */
  readonly envFile: string;
}

/** A command that runs another one in a container. */
export interface Contained {
  readonly command: readonly string[];
  /** Of the engine: nothing of the program's own reaches it, which could lead it elsewhere. */
  readonly env: { readonly [name: string]: string };
  /** What the engine reads the program's variables from: no value stands in an argument, where everybody could read it. */
  readonly file: string;
  /** Removes what a killed engine has left behind. */
  readonly remove: readonly string[];
}

/** What an engine needs of the worker's environment. */
const ofEngine = [
  ...['PATH', 'HOME', 'XDG_RUNTIME_DIR', 'DOCKER_HOST', 'DOCKER_CONFIG', 'DOCKER_CONTEXT'],
  ...['CONTAINERS_CONF', 'CONTAINERS_STORAGE_CONF', 'REGISTRY_AUTH_FILE', 'http_proxy', 'https_proxy', 'no_proxy'],
];

/**
 * A command in a container of an image, by Podman or Docker: the program sees the image's files, its own folder, and nothing else.
 *
 * @param own environment of the worker; `CEMIFLOW_CONTAINER_ENGINE` names an engine
 * @throws CemiflowError `ContainerEngineMissing`, `VariableInvalid`
 */
export const contained = (
  command: readonly string[],
  { image, folders, env, gpus, network, envFile }: ContainerOptions,
  own: NodeJS.ProcessEnv = process.env,
): Contained => {
  const engine = own.CEMIFLOW_CONTAINER_ENGINE || ['podman', 'docker'].find((name) => isInstalled(name, own));
  if (!engine)
    throw new CemiflowError(
      'ContainerEngineMissing',
      `the program asks for the image ${image}, and no engine is here`,
      {
        remedy: 'install podman or docker on the machines of the workers, or leave image out',
        data: { image },
      },
    );
  const broken = Object.keys(env).find((each) => /[\n\0]/.test(env[each] ?? ''));
  if (broken !== undefined)
    throw new CemiflowError('VariableInvalid', `the value of ${broken} has more than one line, which no engine takes`, {
      remedy: 'give it to the program in a file of its code',
      data: { name: broken },
    });
  const name = `cemiflow-${randomUUID()}`;
  const isDocker = /docker$/.test(engine);
  const device = own.CUDA_VISIBLE_DEVICES || 'all';
  return {
    command: [
      ...[engine, 'run', '--rm', '--name', name, '--pull', 'missing', '--workdir', folders[0] ?? '/'],
      // What it writes must be the worker's; Podman maps its root to whoever calls it.
      ...['--user', isDocker ? `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}` : '0:0'],
      ...(network ? [] : ['--network', 'none']),
      ...(gpus > 0 ? (isDocker ? ['--gpus', `device=${device}`] : ['--device', `nvidia.com/gpu=${device}`]) : []),
      ...folders.flatMap((folder) => ['--volume', `${folder}:${folder}`]),
      ...['--env-file', envFile, '--env', markVariable],
      ...[image, ...command],
    ],
    env: chosen(ofEngine, own),
    file: Object.entries(env)
      .map(([variable, value]) => `${variable}=${value}\n`)
      .join(''),
    remove: [engine, 'rm', '--force', '--volumes', name],
  };
};

const isInstalled = (name: string, { PATH = '' }: NodeJS.ProcessEnv): boolean =>
  PATH.split(delimiter).some((folder) => existsSync(join(folder, name)));

/** With which Podman and Docker end where not the program failed, but the container. */
export const engineFailed = 125;
