import { diff } from '../../client/diff.ts';
import { diffText } from '../../provenance/diff/text.ts';
import type { Run } from '../command.ts';
import { callerOf } from '../events.ts';
import { exitCodes } from '../exit.ts';
import { printResult } from '../session.ts';

export const run: Run = async ({ positionals: [first = '', second = ''] }, session) => {
  const found = await diff(first, second, callerOf(session));
  printResult(session, found, diffText(found), 2);
  // Differences are the answer, not a failure.
  return exitCodes.ok;
};
