import { outputsOf } from '../../client/artifacts.ts';
import { connectStore } from '../../client/connect.ts';
import { fetchReport } from '../../client/report.ts';
import { findRun } from '../../client/runs.ts';
import { CemiflowError } from '../../core/errors.ts';
import type { Run } from '../command.ts';
import { exitCodes } from '../exit.ts';

export const run: Run = async (args, session) => {
  const store = await connectStore(session);
  const run = await findRun(store, args.positionals[0] ?? '');
  const outputs = await outputsOf(store, run);
  const page = await fetchReport({ store, plan: run.plan, runId: run.id, out: args.text('out'), outputs }, session);
  if (!page)
    throw new CemiflowError('NotMade', `${run.id} has no report yet`, {
      remedy: `cemiflow status ${run.id} says where it stands`,
      data: { run: run.id },
    });
  session.print(session.json ? JSON.stringify({ run: run.id, report: page }) : page);
  return exitCodes.ok;
};
