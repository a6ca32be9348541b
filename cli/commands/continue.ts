import { continueRun } from '../../client/steer.ts';
import { readBudget } from '../budget.ts';
import type { Run } from '../command.ts';
import { callerOf } from '../events.ts';
import { exitCodes } from '../exit.ts';
import { readWorkers } from '../resources.ts';
import { printResult } from '../session.ts';

export const run: Run = async (args, session) => {
  const wanted = { ...readWorkers(args, session), budgetSeconds: readBudget(args) };
  const asked = await continueRun(args.first, wanted, callerOf(session));
  if (!asked) return exitCodes.interrupted;
  printResult(session, { run: asked.run, how: 'continues' }, `${asked.run} continues`);
  return exitCodes.ok;
};
