import { connectStore } from '../../client/connect.ts';
import { lineageOf } from '../../client/lineage.ts';
import { findRun } from '../../client/runs.ts';
import { diffRuns } from '../../provenance/diff/index.ts';
import { diffText } from '../../provenance/diff/text.ts';
import type { Run } from '../command.ts';
import { exitCodes } from '../exit.ts';

export const run: Run = async ({ positionals: [first = '', second = ''] }, session) => {
  const store = await connectStore(session);
  const before = await lineageOf(store, await findRun(store, first));
  const now = await lineageOf(store, await findRun(store, second));
  const diff = await diffRuns(before, now, store);
  session.print(session.json ? JSON.stringify(diff, null, 2) : diffText(diff));
  // Differences are what was asked for, and no failure.
  return exitCodes.ok;
};
