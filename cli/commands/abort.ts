import { askNamedRun } from '../../client/steer.ts';
import { untilEnded } from '../../client/underway.ts';
import type { Run } from '../command.ts';
import { exitCodes } from '../exit.ts';

export const run: Run = (args, session) => {
  const because = args.text('because')?.trim();
  return askNamedRun('abort', because ? { because } : {}, args, session, async (_answer, { client, run }) => {
    if (!(await untilEnded(client, run.id, session))) return exitCodes.interrupted;
    session.print(
      session.json ? JSON.stringify({ run: run.id, how: 'was aborted', because }) : `${run.id} was aborted`,
    );
    return exitCodes.ok;
  });
};
