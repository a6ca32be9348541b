import { commandLine } from '../../client/shell.ts';
import { pause } from '../../client/steer.ts';
import type { Run } from '../command.ts';
import { callerOf } from '../events.ts';
import { exitCodes } from '../exit.ts';
import { readWorkers } from '../resources.ts';
import { printResult } from '../session.ts';

export const run: Run = async (args, session) => {
  const asked = await pause(args.first, readWorkers(args, session), callerOf(session));
  if (!asked) return exitCodes.interrupted;
  const until = commandLine('continue', asked.run);
  const text = `${asked.run} is paused: stages under way continue, nothing new starts until "${until}"`;
  printResult(session, { run: asked.run, how: 'is paused' }, text);
  return exitCodes.ok;
};
