import { askNamedRun } from '../../client/steer.ts';
import type { Run } from '../command.ts';
import { exitCodes, usageError } from '../exit.ts';

export const run: Run = async (args, session) => {
  const because = args.text('because')?.trim();
  if (!because)
    throw usageError('--because must say why: the report names it', 'cemiflow skip RUN STAGE --because TEXT');
  const request = { stages: args.positionals.slice(1), because };
  return askNamedRun('skip', request, args, session, (answer, { run }) => {
    session.print(
      session.json
        ? JSON.stringify({ run: run.id, ...answer, because })
        : `${run.id} goes on without ${answer.stages.join(', ')}`,
    );
    return exitCodes.ok;
  });
};
