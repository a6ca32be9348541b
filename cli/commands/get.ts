import { get } from '../../client/contents.ts';
import type { Run } from '../command.ts';
import { callerOf } from '../events.ts';
import { exitCodes } from '../exit.ts';
import { printResult } from '../session.ts';

export const run: Run = async (args, session) => {
  const { ref, files } = await get(args.first, args.text('out'), callerOf(session));
  printResult(session, { ...ref, files }, files.join('\n'));
  return exitCodes.ok;
};
