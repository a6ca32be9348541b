import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { CemiflowError } from '../core/errors.ts';
import { buildId } from '../spec/code-digest.ts';
import { openStore, type RunDocument, type Store } from '../store/index.ts';
import type { Arguments } from './command.ts';
import { ensureServices, withClient } from './connect.ts';
import { keepWorkers, type RunningBuild, readResources, runningBuild } from './launch.ts';
import { findRun } from './runs.ts';
import type { Session } from './session.ts';
import { runCommand } from './shell.ts';

/** A run that a command was given, with all that it takes to reach it. */
export interface ReachedRun {
  readonly client: Client;
  readonly store: Store;
  readonly run: RunDocument;
  /** Undefined where the run has ended, or its workflow is gone. */
  readonly running?: RunningBuild;
}

/** Brings the services up and finds the run that the first argument names. @throws CemiflowError `UnknownRun` */
export const reachRun = async (
  args: Arguments,
  session: Session,
  use: (reached: ReachedRun) => Promise<number>,
): Promise<number> => {
  const endpoints = await ensureServices(session);
  const store = await openStore(endpoints.s3);
  const run = await findRun(store, args.positionals[0] ?? '');
  return withClient(endpoints, async (client) =>
    use({ client, store, run, running: await runningBuild(client, run.id) }),
  );
};

/** Keeps workers of the run's own build up: no others can answer for it. @throws CemiflowError `BuildChanged` */
export const keepItsWorkers = async (
  { id, spec, places }: RunDocument,
  running: RunningBuild,
  args: Arguments,
  session: Session,
): Promise<void> => {
  if (running.build !== (await buildId()))
    throw new CemiflowError('BuildChanged', `the code has changed since ${id} was started`, {
      remedy: `"${runCommand({ spec, places })}" goes on under the new code; what is finished and unchanged is kept`,
      data: { run: id, build: running.build },
    });
  const gpuWorkers = args.count('gpu-workers') ?? (running.device === 'gpu' ? 1 : 0);
  await keepWorkers(session, running.build, { ...readResources(args, session), gpuWorkers });
};

/** Waits for a run that was told to end: its stages store what they have. @returns false when interrupted */
export const untilEnded = async (client: Client, runId: string, session: Session): Promise<boolean> => {
  session.note('waiting for the stages under way to leave');
  while (await runningBuild(client, runId)) {
    if (session.interrupted.aborted) return false;
    await sleep(300);
  }
  return true;
};
