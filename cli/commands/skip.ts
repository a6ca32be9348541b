import { skip } from '../../client/steer.ts';
import { usageError } from '../../client/usage-error.ts';
import type { Run } from '../command.ts';
import { callerOf } from '../events.ts';
import { exitCodes } from '../exit.ts';
import { readWorkers } from '../resources.ts';
import { printResult } from '../session.ts';

export const run: Run = async (args, session) => {
  const because = args.text('because')?.trim();
  if (!because)
    throw usageError('--because must say why: the report names it', 'cemiflow skip RUN STAGE --because TEXT');
  const request = { stages: args.positionals.slice(1), because };
  const asked = await skip(args.first, request, readWorkers(args, session), callerOf(session));
  if (!asked) return exitCodes.interrupted;
  const text = `${asked.run} continues without ${asked.answer.stages.join(', ')}`;
  printResult(session, { run: asked.run, ...asked.answer, because }, text);
  return exitCodes.ok;
};
