import { fetchReport } from '../../client/report.ts';
import type { Run } from '../command.ts';
import { callerOf } from '../events.ts';
import { exitCodes } from '../exit.ts';
import { printResult } from '../session.ts';

export const run: Run = async (args, session) => {
  const { run, page } = await fetchReport(args.first, args.text('out'), callerOf(session));
  printResult(session, { run, report: page }, page);
  return exitCodes.ok;
};
