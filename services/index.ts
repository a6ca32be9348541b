import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CemiflowError } from '../core/errors.ts';
import { plural } from '../core/words.ts';
import { acquireLock, processStart } from '../setup/lock.mjs';
import { binaryOf } from './binaries.ts';
import type { SupervisorConfig } from './config.ts';
import { ask } from './control.ts';
import { ensureCredentials } from './credentials.ts';
import { embeddedServers, endpointsFrom, resolveEndpoints } from './endpoints.ts';
import { serverEnv, workerEnv } from './environment.ts';
import { openLog, readJson, tailOf, writeJson } from './files.ts';
import { childTroubles, givenUp } from './fleet.ts';
import { findOrphans, stopOrphans } from './orphans.ts';
import { type Paths, pathsOf, projectDir } from './paths.ts';
import { choosePorts, type Ports } from './ports.ts';
import { retentionTroubles, startTroubles, troubles } from './probe.ts';
import type { ChildStatus, Endpoints, Env, GivenUp, ServiceEvent, SupervisorStatus, WorkerSpec } from './types.ts';

export { namedStore, resolveEndpoints } from './endpoints.ts';
export { directly } from './loopback.ts';
export { retentionDays } from './probe.ts';
export type * from './types.ts';

export interface UpOptions {
  /** The state folder. */
  readonly home: string;
  /** The caller's environment: addresses of existing servers, and what workers may need of it. */
  readonly env: Env;
  readonly onEvent?: (event: ServiceEvent) => void;
  /** Stops everything when this process ends, however it ends; for tests. */
  readonly stopWithPid?: number;
  /** Another program in place of `worker.ts`; for tests. */
  readonly workerFile?: string;
  /** How often in a row a process may end before the supervisor gives it up; for tests. */
  readonly mostFailures?: number;
}

const healthyTimeoutMs = 180_000;
const stopTimeoutMs = 120_000;
const lockTimeoutMs = 300_000;

/**
 * Makes sure that Temporal and S3 are there and healthy, starting the embedded ones under one supervisor where the
 * environment names no others. Does nothing more than look when they are.
 *
 * @throws CemiflowError `SetUpNeeded`, `ServicesDiffer`, `ServiceFailed`, `ServicesUnhealthy`
 */
export const up = async (options: UpOptions): Promise<Endpoints> => {
  const paths = pathsOf(options.home);
  mkdirSync(paths.home, { recursive: true, mode: 0o700 });
  const attached = await attach(options);
  if (attached !== undefined) return attached;
  const tell = options.onEvent ?? (() => {});
  const onWait = (holder: { pid: number }): void =>
    tell({ kind: 'waiting', message: `waiting for process ${holder.pid}, which is starting the services` });
  const release = await acquireLock(paths.lock, { onWait, timeoutMs: lockTimeoutMs });
  try {
    return (await attach(options)) ?? (await startOrRepair(paths, options, tell));
  } finally {
    release();
  }
};

/** Stops workers and embedded servers, in order; also what a killed supervisor left behind. @returns what was stopped */
export const down = async ({ home }: { home: string }): Promise<{ stopped: boolean }> => {
  const paths = pathsOf(home);
  mkdirSync(paths.home, { recursive: true, mode: 0o700 });
  const release = await acquireLock(paths.lock, { timeoutMs: lockTimeoutMs });
  try {
    const status = await ask(paths.socket, { op: 'stop' });
    if (status !== undefined) {
      const start = processStart(status.pid);
      const deadline = Date.now() + stopTimeoutMs;
      while (start !== undefined && processStart(status.pid) === start && Date.now() < deadline) await sleep(50);
    }
    const orphans = await stopOrphans(paths);
    rmSync(paths.status, { force: true });
    return { stopped: status !== undefined || orphans.length > 0 };
  } finally {
    release();
  }
};

export interface ServicesStatus {
  /** Undefined when no supervisor runs. */
  readonly supervisor?: SupervisorStatus;
  /** Undefined when the servers' addresses are not known: never started, none named. */
  readonly endpoints?: Endpoints;
  /** What is wrong with the servers, and with the supervisor's children; empty when all is well. */
  readonly troubles: readonly string[];
  readonly givenUp: readonly GivenUp[];
  /** Processes that a killed supervisor left behind. */
  readonly orphans: readonly number[];
}

/** What runs and what answers, without starting anything. */
export const status = async ({ home, env }: { home: string; env: Env }): Promise<ServicesStatus> => {
  const paths = pathsOf(home);
  const supervisor = await ask(paths.socket, { op: 'status' });
  const orphans = supervisor === undefined ? findOrphans(paths.home).map((orphan) => orphan.pid) : [];
  const dying = supervisor ? childTroubles(supervisor, paths.logs) : [];
  const common = { supervisor, orphans, givenUp: supervisor ? givenUp(supervisor, paths.logs) : [] };
  try {
    const endpoints = resolveEndpoints({ home, env });
    return { ...common, endpoints, troubles: [...dying, ...(await troubles(endpoints))] };
  } catch (error) {
    return { ...common, troubles: [...dying, error instanceof Error ? error.message : String(error)] };
  }
};

/**
 * Makes the supervisor run at least these numbers of workers of exactly this build; workers of another build are drained.
 * Call `up` before.
 */
export const ensureWorkers = async (home: string, build: string, spec: WorkerSpec): Promise<SupervisorStatus> => {
  const answer = await ask(pathsOf(home).socket, { op: 'ensure-workers', build, project: projectDir, spec });
  if (answer !== undefined) return answer;
  throw new CemiflowError('ServicesNotUp', `no supervisor runs for ${home}`, {
    remedy: 'run "cemiflow up"',
    data: { home },
    retryable: true,
  });
};

/**
 * The endpoints, when a supervisor runs, fits the environment, and its servers were healthy and are still running.
 * Asks the supervisor alone: whether a server answers, its first request tells.
 *
 * @throws CemiflowError `ServicesDiffer`
 */
export const runningEndpoints = async (options: { home: string; env: Env }): Promise<Endpoints | undefined> => {
  const running = await ask(pathsOf(options.home).socket, { op: 'status' });
  if (running === undefined || running.stopping) return undefined;
  const endpoints = resolveEndpoints(options);
  const wanted = [endpoints.temporal.address, endpoints.temporal.namespace, endpoints.s3.endpoint];
  const present = [running.temporalAddress, running.temporalNamespace, running.s3Endpoint];
  if (wanted.join() !== present.join())
    throw new CemiflowError(
      'ServicesDiffer',
      `the running workers use ${present.join(', ')}, but the environment asks for ${wanted.join(', ')}`,
      { remedy: 'run "cemiflow down" first, or set CEMIFLOW_HOME to another folder', data: { wanted, present } },
    );
  if (!running.ready || serversOf(running).some((child) => child.state !== 'running')) return undefined;
  return endpoints;
};

/** The same, where both servers answer. */
const attach = async (options: UpOptions): Promise<Endpoints | undefined> => {
  const endpoints = await runningEndpoints(options);
  if (endpoints === undefined || (await troubles(endpoints)).length > 0) return undefined;
  return endpoints;
};

const serversOf = (running: SupervisorStatus): ChildStatus[] =>
  running.children.filter((child) => child.kind === 'temporal' || child.kind === 'minio');

/** Under the lock: a supervisor that is stopping is waited for, one in trouble revived, a missing one started. */
const startOrRepair = async (
  paths: Paths,
  options: UpOptions,
  tell: (event: ServiceEvent) => void,
): Promise<Endpoints> => {
  const running = await ask(paths.socket, { op: 'revive' });
  if (running?.stopping) {
    const start = processStart(running.pid);
    tell({ kind: 'waiting', message: 'waiting for the services that are stopping' });
    while (start !== undefined && processStart(running.pid) === start) await sleep(50);
  }
  if (running === undefined || running.stopping) await startSupervisor(paths, options, tell);
  const endpoints = resolveEndpoints(options);
  await waitHealthy(paths, endpoints, embeddedServers(options.env).temporal);
  await ask(paths.socket, { op: 'ready' });
  tell({ kind: 'healthy', message: `Temporal at ${endpoints.temporal.address}, S3 at ${endpoints.s3.endpoint}` });
  return endpoints;
};

const startSupervisor = async (
  paths: Paths,
  options: UpOptions,
  tell: (event: ServiceEvent) => void,
): Promise<void> => {
  const { env } = options;
  const ours = embeddedServers(env);
  const temporal = ours.temporal ? binaryOf('temporal', env) : undefined;
  const minio = ours.minio ? binaryOf('minio', env) : undefined;
  const orphans = await stopOrphans(paths);
  if (orphans.length > 0)
    tell({
      kind: 'orphans',
      message: `stopped ${plural(orphans.length, 'process', 'processes')} that a killed supervisor had left`,
    });
  const remembered = readJson<{ ports: Ports }>(paths.services)?.ports ?? {};
  const ports = await choosePorts(remembered, (name, from, to) =>
    tell({ kind: 'port', message: `port ${from} of ${name} is taken by another program, using ${to}` }),
  );
  writeJson(paths.services, { ports });
  const endpoints = endpointsFrom(env, ports, ensureCredentials(paths.credentials));
  const { stopWithPid, mostFailures } = options;
  const config: SupervisorConfig = {
    ...{ home: paths.home, endpoints, ports, temporal, minio },
    ...{ serverEnv: serverEnv(env), workerEnv: workerEnv(env) },
    ...{ workerFile: options.workerFile, mostFailures },
    stopWith: stopWithPid === undefined ? undefined : { pid: stopWithPid, start: processStart(stopWithPid) ?? '' },
  };
  writeJson(paths.config, config);
  tell({ kind: 'starting', message: 'starting Temporal and the object store' });
  for (const folder of [paths.logs, paths.pids]) mkdirSync(folder, { recursive: true, mode: 0o700 });
  const log = openLog(join(paths.logs, 'supervisor.log'));
  spawn(process.execPath, ['--import', 'tsx', join(import.meta.dirname, 'supervisor.ts'), paths.config], {
    ...{ cwd: projectDir, env: workerEnv(env), stdio: ['ignore', log, log], detached: true },
  }).unref();
  closeSync(log);
};

/** Until both servers answer, their pages open, and the namespace of a Temporal of ours keeps histories as long as it should. */
const waitHealthy = async (paths: Paths, endpoints: Endpoints, ourTemporal: boolean): Promise<void> => {
  const deadline = Date.now() + healthyTimeoutMs;
  const startedAt = Date.now();
  while (true) {
    const running = await ask(paths.socket, { op: 'status' });
    if (running === undefined && Date.now() - startedAt > 30_000)
      throw failed(paths, 'supervisor', 'it does not answer');
    const gone = running?.children.find((child) => child.state === 'failed');
    if (gone !== undefined && ['temporal', 'minio'].includes(gone.kind))
      throw failed(paths, gone.name, `it ended ${gone.restarts + 1} times in a row (${gone.lastExit})`);
    const found = running === undefined ? ['the supervisor does not answer yet'] : await startTroubles(endpoints);
    if (found.length === 0 && ourTemporal) found.push(...(await retentionTroubles(endpoints.temporal)));
    if (found.length === 0) return;
    if (Date.now() > deadline)
      throw new CemiflowError(
        'ServicesUnhealthy',
        `not healthy within ${healthyTimeoutMs / 1000} s: ${found.join('; ')}`,
        {
          remedy: `see ${paths.logs}`,
          data: { troubles: found },
          retryable: true,
        },
      );
    await sleep(100);
  }
};

const failed = (paths: Paths, name: string, how: string): CemiflowError => {
  const log = join(paths.logs, `${name}.log`);
  const last = tailOf(log);
  return new CemiflowError('ServiceFailed', `${name} does not run: ${how}\n${last}`, {
    remedy: `see ${log}; "cemiflow up" tries again`,
    data: { name, log, last },
  });
};
