import { diffRuns } from '../../provenance/diff/index.ts';
import { diffText } from '../../provenance/diff/text.ts';
import type { Run } from '../command.ts';
import { connectStore } from '../connect.ts';
import { exitCodes } from '../exit.ts';
import { lineageOf } from '../lineage.ts';
import { findRun } from '../runs.ts';

export const run: Run = async ({ positionals: [first = '', second = ''] }, session) => {
  const store = await connectStore(session);
  const before = await lineageOf(store, await findRun(store, first));
  const now = await lineageOf(store, await findRun(store, second));
  const diff = await diffRuns(before, now, store);
  session.print(session.json ? JSON.stringify(diff, null, 2) : diffText(diff));
  // Differences are what was asked for, and no failure.
  return exitCodes.ok;
};
