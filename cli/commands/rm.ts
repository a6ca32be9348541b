import { removeRuns } from '../../client/remove-runs.ts';
import type { Run } from '../command.ts';
import { callerOf } from '../events.ts';
import { exitCodes } from '../exit.ts';
import { printResult } from '../session.ts';

export const run: Run = async (args, session) => {
  const removed = await removeRuns(args.positionals, args.flag('force'), callerOf(session));
  printResult(session, { removed }, removed.map((id) => `${id} is removed`).join('\n'));
  if (!session.json)
    session.note(
      '"cemiflow gc" shows what nothing needs any more; "cemiflow run" finds it made until gc has removed it',
    );
  return exitCodes.ok;
};
