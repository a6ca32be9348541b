import { askNamedRun } from '../../client/steer.ts';
import type { Run } from '../command.ts';
import { exitCodes } from '../exit.ts';

export const run: Run = (args, session) => {
  const stages = args.positionals.slice(1);
  return askNamedRun('retry', stages.length > 0 ? { stages } : {}, args, session, (answer, { run }) => {
    session.print(
      session.json ? JSON.stringify({ run: run.id, ...answer }) : `${run.id} tries ${answer.stages.join(', ')} again`,
    );
    return exitCodes.ok;
  });
};
