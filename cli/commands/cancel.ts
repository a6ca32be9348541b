import { cancel } from '../../client/steer.ts';
import type { Run } from '../command.ts';
import { callerOf } from '../events.ts';
import { exitCodes } from '../exit.ts';
import { readWorkers } from '../resources.ts';
import { printResult } from '../session.ts';

export const run: Run = async (args, session) => {
  const found = await cancel(args.first, readWorkers(args, session), callerOf(session));
  if (!found) return exitCodes.interrupted;
  const how = found.cancelled ? 'was cancelled' : 'is not running';
  printResult(session, { run: found.run, how }, `${found.run} ${how}`);
  return exitCodes.ok;
};
