import { continueRun } from '../../client/steer.ts';
import type { Run } from '../command.ts';
import { callerOf } from '../events.ts';
import { exitCodes } from '../exit.ts';
import { readWorkers } from '../resources.ts';
import { printResult } from '../session.ts';

export const run: Run = async (args, session) => {
  const asked = await continueRun(args.first, readWorkers(args, session), callerOf(session));
  if (!asked) return exitCodes.interrupted;
  printResult(session, { run: asked.run, how: 'continues' }, `${asked.run} continues`);
  return exitCodes.ok;
};
