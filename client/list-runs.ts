import type { RunDocument } from '../store/index.ts';
import type { Caller } from './caller.ts';
import { connectStore, ensureServices, withClient } from './connect.ts';
import { isUnderWay } from './runs.ts';
import { runCommand } from './shell.ts';

/** A run of the store, with its state. */
export interface ListedRun {
  readonly run: RunDocument;
  readonly state: NonNullable<RunDocument['state']> | 'gone';
  /** The command that takes the run up again, where its workflow is gone. */
  readonly again?: string;
}

/** All runs, latest first. */
export const listRuns = async (caller: Caller): Promise<ListedRun[]> => {
  const runs = await (await connectStore(caller)).listRuns();
  const gone = await goneRuns(runs, caller);
  return runs.map((run) =>
    gone.has(run.id) ? { run, state: 'gone', again: runCommand(run) } : { run, state: run.state ?? 'running' },
  );
};

/** Ids of the runs that are under way by their documents, and unknown to Temporal. */
const goneRuns = async (runs: readonly RunDocument[], caller: Caller): Promise<ReadonlySet<string>> => {
  const underWay = runs.filter(({ state }) => isUnderWay(state));
  if (underWay.length === 0) return new Set();
  const endpoints = await ensureServices(caller);
  const { isGone } = await import('./view/snapshot.ts');
  return withClient(endpoints, async (client) => {
    const gone = await Promise.all(underWay.map(async ({ id }) => ((await isGone(client, id)) ? [id] : [])));
    return new Set(gone.flat());
  });
};
