import { openStore } from '../../store/index.ts';
import type { Run } from '../command.ts';
import { knownEndpoints, withClient } from '../connect.ts';
import { exitCodes } from '../exit.ts';
import { follow } from '../follow.ts';
import { findRun } from '../runs.ts';

export const run: Run = async (args, session) => {
  const endpoints = knownEndpoints(session);
  const { id } = await findRun(await openStore(endpoints.s3), args.positionals[0] ?? '');
  return withClient(endpoints, async (client) => {
    const view = await follow(client, id, session);
    if (!view) return exitCodes.interrupted;
    return view.state === 'done' ? exitCodes.ok : exitCodes.runFailed;
  });
};
