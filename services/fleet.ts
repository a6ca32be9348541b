import { join } from 'node:path';
import type { ChildStatus, GivenUp, SupervisorStatus, WorkerRole, WorkerSpec } from './types.ts';

export interface WorkerId {
  readonly role: WorkerRole;
  readonly index: number;
  readonly build: string;
}

const roles: readonly WorkerRole[] = ['orchestrator', 'cpu', 'gpu'];

/** `cpu-0@1f2e3d4c5b6a` */
export const workerName = ({ role, index, build }: WorkerId): string =>
  `${role}-${index}@${build
    .replace(/^sha256:/, '')
    .replace(/[^\w.-]/g, '_')
    .slice(0, 12)}`;

/** Every worker that should run, for a build and a number of each role. */
export const wantedWorkers = (build: string, spec: WorkerSpec): WorkerId[] =>
  roles.flatMap((role) => Array.from({ length: spec[role] ?? 0 }, (_, index) => ({ role, index, build })));

/**
 * What a build needs when a further run asks for workers: the larger number of each role, so that a run on the CPU does
 * not take the GPU worker from one that is under way.
 */
export const largerSpec = (a: WorkerSpec, b: WorkerSpec): WorkerSpec => ({
  orchestrator: Math.max(a.orchestrator, b.orchestrator),
  cpu: Math.max(a.cpu, b.cpu),
  gpu: Math.max(a.gpu, b.gpu),
});

/** What to start and what to drain, so that exactly `wanted` remains. */
export const fleetChanges = (
  wanted: readonly WorkerId[],
  present: readonly ChildStatus[],
): { start: WorkerId[]; drain: string[] } => {
  const names = new Set(wanted.map(workerName));
  const standing = new Set(
    present.filter((child) => child.state !== 'stopped' && child.state !== 'stopping').map((child) => child.name),
  );
  return {
    start: wanted.filter((worker) => !standing.has(workerName(worker))),
    drain: [...standing].filter((name) => !names.has(name)),
  };
};

/** The servers, and the workers of the build that was asked for last: those of another build end by themselves. */
const current = ({ build, children }: SupervisorStatus): ChildStatus[] =>
  children.filter((child) => child.build === undefined || child.build === build);

/**
 * What a person should look at: children that end again and again, and those that are started no more.
 * @param logs folder of their logs
 */
export const childTroubles = (running: SupervisorStatus, logs: string): string[] =>
  current(running)
    .filter(({ state, restarts }) => state === 'failed' || (state === 'backoff' && restarts > 1))
    .map((child) => `${ended(child, logs)}${child.state === 'failed' ? '; it is not started again' : ''}`);

/** What the supervisor starts no more: a server, or every worker of a role. What needs it does not continue by itself. */
export const givenUp = (running: SupervisorStatus, logs: string): GivenUp[] => {
  const children = current(running);
  const kinds = [...new Set(children.map(({ kind }) => kind))];
  return kinds.flatMap((kind) => {
    const [first, ...others] = children.filter((child) => child.kind === kind);
    if (!first || [first, ...others].some(({ state }) => state !== 'failed')) return [];
    return [{ kind, how: ended(first, logs) }];
  });
};

const ended = ({ name, restarts, lastExit, log }: ChildStatus, logs: string): string =>
  `${name} ended ${restarts + 1} times (${lastExit ?? 'unknown'}), see ${join(logs, log)}`;
