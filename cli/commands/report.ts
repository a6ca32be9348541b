import { fetchReport } from '../../client/report.ts';
import { writeFigures } from '../../client/report-figures.ts';
import { writeTables } from '../../client/report-tables.ts';
import { plural } from '../../core/words.ts';
import type { Run } from '../command.ts';
import { callerOf } from '../events.ts';
import { exitCodes } from '../exit.ts';
import { printResult } from '../session.ts';
import { soFarJson } from '../view/displays.ts';

export const run: Run = async (args, session) => {
  const fetched = await fetchReport(args.first, args.text('out'), callerOf(session));
  const { run, page, missing } = fetched;
  const tableFormats = (['csv', 'latex'] as const).filter((format) => args.flag(format));
  const figureFormats = (['svg', 'png'] as const).filter((format) => args.flag(format));
  const tables = tableFormats.length > 0 ? await writeTables(fetched, tableFormats) : [];
  const figures = figureFormats.length > 0 ? await writeFigures(fetched, figureFormats) : [];
  const files = { ...(tables.length > 0 && { tables }), ...(figures.length > 0 && { figures }) };
  const paths = [page, ...tables, ...figures].join('\n');
  if (missing === undefined) printResult(session, { run, report: page, ...files }, paths);
  else {
    const lacks = missing === 0 ? '' : `, without ${plural(missing, 'stage')}`;
    session.note(`${run} is not done: this is its report so far${lacks}`);
    printResult(session, { ...soFarJson({ run, page, missing }), ...files }, paths);
  }
  return exitCodes.ok;
};
