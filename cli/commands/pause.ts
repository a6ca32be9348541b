import { commandLine } from '../../client/shell.ts';
import { askNamedRun } from '../../client/steer.ts';
import type { Run } from '../command.ts';
import { exitCodes } from '../exit.ts';

export const run: Run = (args, session) =>
  askNamedRun('pause', undefined, args, session, (_answer, { run }) => {
    if (session.json) session.print(JSON.stringify({ run: run.id, how: 'is paused' }));
    else
      session.print(
        `${run.id} is paused: what is under way goes on, nothing new starts until "${commandLine('continue', run.id)}"`,
      );
    return exitCodes.ok;
  });
