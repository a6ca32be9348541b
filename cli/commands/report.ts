import { fetchReport } from '../../client/report.ts';
import { plural } from '../../core/words.ts';
import type { Run } from '../command.ts';
import { callerOf } from '../events.ts';
import { exitCodes } from '../exit.ts';
import { printResult } from '../session.ts';
import { soFarJson } from '../view/displays.ts';

export const run: Run = async (args, session) => {
  const { run, page, missing } = await fetchReport(args.first, args.text('out'), callerOf(session));
  if (missing === undefined) printResult(session, { run, report: page }, page);
  else {
    const lacks = missing === 0 ? '' : `, without ${plural(missing, 'stage')}`;
    session.note(`${run} is not done: this is its report so far${lacks}`);
    printResult(session, soFarJson({ run, page, missing }), page);
  }
  return exitCodes.ok;
};
