import { openStore } from '../../store/index.ts';
import type { Run } from '../command.ts';
import { knownEndpoints, withClient } from '../connect.ts';
import { exitCodes } from '../exit.ts';
import { follow } from '../follow.ts';
import { tellUndone } from '../outcome.ts';
import { findRun } from '../runs.ts';

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
