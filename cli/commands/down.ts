import { down } from '../../client/services.ts';
import type { Run } from '../command.ts';
import { exitCodes } from '../exit.ts';
import { printResult } from '../session.ts';

export const run: Run = async (_args, session) => {
  const stopped = await down(session);
  printResult(session, { stopped }, stopped ? 'stopped' : 'nothing was running');
  return exitCodes.ok;
};
