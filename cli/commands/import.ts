import { importBundle } from '../../client/import-bundle.ts';
import { usageError } from '../../client/usage-error.ts';
import { plural } from '../../core/words.ts';
import type { Run } from '../command.ts';
import { callerOf } from '../events.ts';
import { exitCodes } from '../exit.ts';
import { printResult } from '../session.ts';

export const run: Run = async (args, session) => {
  const folder = args.text('bundle');
  if (folder === undefined) throw usageError('import takes a bundle', 'cemiflow import --bundle DIR');
  const imported = await importBundle(folder, callerOf(session));
  const lines = [
    `${imported.run}, root ${imported.root}: ${plural(imported.actions, 'action')} in the store`,
    ...(imported.leftOut > 0
      ? [`${plural(imported.leftOut, 'file')} left out: made again where something needs them`]
      : []),
  ];
  printResult(session, imported, lines.join('\n'));
  return exitCodes.ok;
};
