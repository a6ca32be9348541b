import { knownEndpoints, withClient } from '../../client/connect.ts';
import { follow } from '../../client/follow.ts';
import { tellUndone } from '../../client/outcome.ts';
import { findRun } from '../../client/runs.ts';
import { openStore } from '../../store/index.ts';
import type { Run } from '../command.ts';
import { exitCodes } from '../exit.ts';

export const run: Run = async (args, session) => {
  const endpoints = knownEndpoints(session);
  const store = await openStore(endpoints.s3);
  const run = await findRun(store, args.positionals[0] ?? '');
  return withClient(endpoints, async (client) => {
    const view = await follow({ client, store, run }, session);
    if (!view) return exitCodes.interrupted;
    return view.state === 'done' ? exitCodes.ok : tellUndone({ client, store, run }, view, session);
  });
};
