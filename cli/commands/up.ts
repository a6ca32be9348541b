import { ensureServices } from '../../client/connect.ts';
import type { Run } from '../command.ts';
import { exitCodes } from '../exit.ts';

export const run: Run = async (_args, session) => {
  const { temporal, s3 } = await ensureServices(session);
  const where = { temporal: temporal.address, temporalConsole: temporal.ui, s3: s3.endpoint, s3Console: s3.console };
  if (session.json) session.print(JSON.stringify(where));
  else for (const [name, address] of Object.entries(where)) if (address) session.print(`${name}: ${address}`);
  return exitCodes.ok;
};
