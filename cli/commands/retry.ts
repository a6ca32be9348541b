import { retry } from '../../client/steer.ts';
import type { Run } from '../command.ts';
import { callerOf } from '../events.ts';
import { exitCodes } from '../exit.ts';
import { readWorkers } from '../resources.ts';
import { printResult } from '../session.ts';

export const run: Run = async (args, session) => {
  const stages = args.positionals.slice(1);
  const request = stages.length > 0 ? { stages } : {};
  const asked = await retry(args.first, request, readWorkers(args, session), callerOf(session));
  if (!asked) return exitCodes.interrupted;
  const text = `${asked.run} tries ${asked.answer.stages.join(', ')} again`;
  printResult(session, { run: asked.run, ...asked.answer }, text);
  return exitCodes.ok;
};
