import type { Caller } from './caller.ts';
import { withClient } from './connect.ts';
import { type ReachedRun, reachRun } from './reach.ts';
import { runningBuild } from './start.ts';
import { keepItsWorkers, type WorkersWanted } from './underway.ts';

/** Finds a run to be followed, and starts its workers where they are gone. @throws CemiflowError `UnknownRun`, `BuildChanged` */
export const attach = async (name: string, workers: WorkersWanted, caller: Caller): Promise<ReachedRun> => {
  const reached = await reachRun(name, caller);
  const { endpoints, run } = reached;
  await withClient(endpoints, async (client) => {
    const running = await runningBuild(client, run.id);
    if (running) await keepItsWorkers(run, running, workers, caller);
  });
  return reached;
};
