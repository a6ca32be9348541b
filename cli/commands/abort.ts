import { abort } from '../../client/steer.ts';
import type { Run } from '../command.ts';
import { callerOf } from '../events.ts';
import { exitCodes } from '../exit.ts';
import { readWorkers } from '../resources.ts';
import { printResult } from '../session.ts';

export const run: Run = async (args, session) => {
  const because = args.text('because')?.trim();
  const request = because ? { because } : {};
  const aborted = await abort(args.first, request, readWorkers(args, session), callerOf(session));
  if (!aborted) return exitCodes.interrupted;
  printResult(session, { run: aborted.run, how: 'was aborted', because }, `${aborted.run} was aborted`);
  return exitCodes.ok;
};
