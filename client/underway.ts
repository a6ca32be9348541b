import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { CemiflowError } from '../core/errors.ts';
import { buildId } from '../spec/code-digest.ts';
import type { RunDocument } from '../store/index.ts';
import type { Caller } from './caller.ts';
import { runCommand } from './shell.ts';
import { type RunningBuild, runningBuild } from './start.ts';
import { keepWorkers, type Workers } from './workers.ts';

/** Workers for a run that is under way; a run on the GPU has one GPU worker by default. */
export type WorkersWanted = Pick<Workers, 'cpuWorkers'> & Partial<Workers>;

/** Keeps workers of the run's own build up: no others can answer for it. @throws CemiflowError `BuildChanged` */
export const keepItsWorkers = async (
  { id, spec, places }: RunDocument,
  { build, device }: RunningBuild,
  { cpuWorkers, gpuWorkers = device === 'gpu' ? 1 : 0 }: WorkersWanted,
  caller: Caller,
): Promise<void> => {
  if (build !== (await buildId()))
    throw new CemiflowError('BuildChanged', `the code has changed since ${id} was started`, {
      remedy: `"${runCommand({ spec, places })}" continues under the new code; what is finished and unchanged is kept`,
      data: { run: id, build },
    });
  await keepWorkers(caller, build, { cpuWorkers, gpuWorkers });
};

/** Waits for a run that was asked to end: its stages store what they have. @returns false where the signal came first */
export const untilEnded = async (client: Client, run: string, { on, signal }: Caller): Promise<boolean> => {
  on({ kind: 'ending', run });
  while (await runningBuild(client, run)) {
    if (signal.aborted) return false;
    await sleep(300);
  }
  return true;
};
