import { askNamedRun } from '../../client/steer.ts';
import type { Run } from '../command.ts';
import { exitCodes } from '../exit.ts';

export const run: Run = (args, session) =>
  askNamedRun('continue', undefined, args, session, (_answer, { run }) => {
    session.print(session.json ? JSON.stringify({ run: run.id, how: 'goes on' }) : `${run.id} goes on`);
    return exitCodes.ok;
  });
