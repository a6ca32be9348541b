import { compareRuns } from '../../client/compare.ts';
import { comparisonText } from '../../provenance/compare/text.ts';
import type { Run } from '../command.ts';
import { callerOf } from '../events.ts';
import { exitCodes } from '../exit.ts';
import { printResult } from '../session.ts';
import { alignColumns } from '../view/format.ts';

export const run: Run = async ({ positionals, text, texts }, session) => {
  const by = text('by')
    ?.split(',')
    .map((name) => name.trim());
  const from = text('from');
  const how = { ...(by && { by }), ...(from !== undefined && { from }), stages: texts('stage') };
  const found = await compareRuns(positionals, how, callerOf(session));
  const { rows, notes } = comparisonText(found);
  printResult(session, asJson(found), [...alignColumns(rows), '', ...notes].join('\n'), 2);
  return exitCodes.ok;
};

const asJson = ({ rows, nodes, ...facts }: Awaited<ReturnType<typeof compareRuns>>) => ({
  ...facts,
  rows: rows.map(({ runs, ...row }, i) => ({
    ...row,
    nodes: nodes[i],
    artifacts: runs.map(({ artifact }) => artifact),
  })),
});
