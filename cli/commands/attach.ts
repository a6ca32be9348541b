import { followToEnd } from '../../client/outcome.ts';
import { keepItsWorkers, reachRun } from '../../client/underway.ts';
import type { Run } from '../command.ts';

export const run: Run = (args, session) =>
  reachRun(args, session, async ({ client, store, run, running }) => {
    if (running) await keepItsWorkers(run, running, args, session);
    return followToEnd({ client, store, run, out: args.text('out') }, session);
  });
