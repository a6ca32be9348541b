import { askNamedRun } from '../ask.ts';
import type { Run } from '../command.ts';
import { exitCodes } from '../exit.ts';
import { commandLine } from '../shell.ts';

export const run: Run = (args, session) =>
  askNamedRun('pause', undefined, args, session, (_answer, { run }) => {
    if (session.json) session.print(JSON.stringify({ run: run.id, how: 'is paused' }));
    else
      session.print(
        `${run.id} is paused: what is under way goes on, nothing new starts until "${commandLine('continue', run.id)}"`,
      );
    return exitCodes.ok;
  });
