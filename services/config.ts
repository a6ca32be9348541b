import { join } from 'node:path';
import type { Command } from './child.ts';
import { endpointVariables } from './environment.ts';
import type { Paths } from './paths.ts';
import type { Ports } from './ports.ts';
import type { Endpoints, WorkerRole } from './types.ts';

/** What the supervisor is started with; lies in a 0600 file, because endpoints hold secrets. */
export interface SupervisorConfig {
  readonly home: string;
  readonly endpoints: Endpoints;
  readonly ports: Ports;
  /** Paths of the binaries to run; absent where an existing server is used. */
  readonly temporal?: string;
  readonly minio?: string;
  readonly serverEnv: { readonly [name: string]: string };
  readonly workerEnv: { readonly [name: string]: string };
  /** Another program in the place of a checkout's `worker.ts` (tests). */
  readonly workerFile?: string;
  /** How often in a row a child may end before it is given up; default 8. */
  readonly mostFailures?: number;
  /** A process whose end stops the supervisor too (tests); absent for people. */
  readonly stopWith?: { readonly pid: number; readonly start: string };
}

/** How long a worker may take to stop before it is killed: longer than it takes to leave by itself (`worker.ts`: 28 s). */
export const workerGraceMs = 35_000;

/** Marks every process that a supervisor of this home started, so that orphans can be found. */
export const homeVariable = 'CEMIFLOW_SUPERVISED_BY';

/**
 * A write-ahead log takes a third of the work off each step of a workflow. A killed process loses nothing; a machine that
 * loses its power may lose the last moments of Temporal's histories, whose finished actions the store has.
 */
const sqlite = ['--sqlite-pragma', 'journal_mode=wal', '--sqlite-pragma', 'synchronous=normal'];

/**
 * Queues by priority, which Temporal 1.29 has to be told, and each in one piece: of four, which a server of many machines needs, each
 * hands out its own first.
 */
const priorities = [
  'matching.useNewMatcher=true',
  'matching.numTaskqueueReadPartitions=1',
  'matching.numTaskqueueWritePartitions=1',
].flatMap((value) => ['--dynamic-config-value', value]);

export const temporalCommand = (config: SupervisorConfig, binary: string, paths: Paths): Command => ({
  file: binary,
  args: [
    ...['server', 'start-dev', '--headless=false', '--ip', '127.0.0.1'],
    ...['--port', String(config.ports.temporal), '--ui-port', String(config.ports.temporalUi)],
    ...['--db-filename', paths.temporalDb, '--namespace', config.endpoints.temporal.namespace, ...sqlite],
    ...priorities,
    ...['--log-level', 'warn', '--log-format', 'json'],
  ],
  env: { ...config.serverEnv, [homeVariable]: config.home },
  cwd: config.home,
});

export const minioCommand = (config: SupervisorConfig, binary: string, paths: Paths): Command => ({
  file: binary,
  args: [
    ...['server', '--quiet', '--address', `127.0.0.1:${config.ports.minio}`],
    ...['--console-address', `127.0.0.1:${config.ports.minioConsole}`],
    ...['--certs-dir', join(config.home, 'minio-certs'), paths.minioData],
  ],
  env: {
    ...config.serverEnv,
    [homeVariable]: config.home,
    MINIO_ROOT_USER: config.endpoints.s3.accessKey,
    MINIO_ROOT_PASSWORD: config.endpoints.s3.secretKey,
    MINIO_UPDATE: 'off',
  },
  cwd: config.home,
});

/**
 * A worker process. Several GPU workers get one GPU each, by `CUDA_VISIBLE_DEVICES`.
 *
 * @param index 0 … n-1 among the workers of its role
 */
export const workerCommand = (
  config: SupervisorConfig,
  role: WorkerRole,
  index: number,
  build: string,
  project: string,
): Command => ({
  file: process.execPath,
  args: ['--import', 'tsx', config.workerFile ?? join(project, 'worker.ts'), '--role', role, '--build', build],
  env: {
    ...config.workerEnv,
    ...endpointVariables(config.endpoints),
    ...(role === 'gpu' ? { CUDA_VISIBLE_DEVICES: gpuOf(config.workerEnv.CUDA_VISIBLE_DEVICES, index) } : {}),
    CEMIFLOW_HOME: config.home,
    [homeVariable]: config.home,
  },
  cwd: project,
});

/** The GPU of the index-th worker: out of those that the user allows, or simply the index-th of the machine. */
export const gpuOf = (allowed: string | undefined, index: number): string => {
  const list = (allowed ?? '').split(',').filter((entry) => entry.trim() !== '');
  return list.length === 0 ? String(index) : (list[index % list.length] as string).trim();
};
