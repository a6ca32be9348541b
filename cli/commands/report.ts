import { CemiflowError } from '../../core/errors.ts';
import { fetchReport } from '../artifacts.ts';
import type { Run } from '../command.ts';
import { connectStore } from '../connect.ts';
import { exitCodes } from '../exit.ts';
import { findRun } from '../runs.ts';

export const run: Run = async (args, session) => {
  const store = await connectStore(session);
  const { id, plan } = await findRun(store, args.positionals[0] ?? '');
  const page = await fetchReport(store, plan, { cwd: session.cwd, out: args.text('out') });
  if (!page)
    throw new CemiflowError('NotMade', `${id} has no report yet`, {
      remedy: `cemiflow status ${id} says where it stands`,
      data: { run: id },
    });
  session.print(session.json ? JSON.stringify({ run: id, report: page }) : page);
  return exitCodes.ok;
};
