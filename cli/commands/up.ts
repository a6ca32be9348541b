import { up } from '../../client/services.ts';
import type { Run } from '../command.ts';
import { callerOf } from '../events.ts';
import { exitCodes } from '../exit.ts';
import { printResult } from '../session.ts';

export const run: Run = async (_args, session) => {
  const { temporal, s3 } = await up(callerOf(session));
  const where = { temporal: temporal.address, temporalConsole: temporal.ui, s3: s3.endpoint, s3Console: s3.console };
  const lines = Object.entries(where).flatMap(([name, address]) => (address ? [`${name}: ${address}`] : []));
  printResult(session, where, lines.join('\n'));
  return exitCodes.ok;
};
