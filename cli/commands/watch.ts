import { lookUpRun } from '../../client/reach.ts';
import type { Run } from '../command.ts';
import { exitCodes } from '../exit.ts';
import { showRun, tellUndone } from '../outcome.ts';

export const run: Run = async ({ first }, session) => {
  const reached = await lookUpRun(first, session);
  const view = await showRun(reached, session);
  if (!view) return exitCodes.interrupted;
  return view.state === 'done' ? exitCodes.ok : tellUndone(reached, view, session);
};
