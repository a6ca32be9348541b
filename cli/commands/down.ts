import { down } from '../../services/index.ts';
import type { Run } from '../command.ts';
import { exitCodes } from '../exit.ts';

export const run: Run = async (_args, { home, json, print }) => {
  const { stopped } = await down({ home });
  print(json ? JSON.stringify({ stopped }) : stopped ? 'stopped' : 'nothing was running');
  return exitCodes.ok;
};
