import { newKind } from '../../client/new-kind.ts';
import { usageError } from '../../client/usage-error.ts';
import type { Run } from '../command.ts';
import { exitCodes } from '../exit.ts';
import { printResult } from '../session.ts';

export const run: Run = async ({ positionals: [what = '', name = ''] }, session) => {
  if (what !== 'kind') throw usageError(`new makes no ${what}`, 'cemiflow new kind NAME');
  const made = newKind(name, session.cwd);
  const { folder, files } = made;
  printResult(session, made, `${folder}: ${files.join(', ')}\nin a spec: uses: ./${folder}, docs/kinds.md`);
  return exitCodes.ok;
};
