import { existsSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { importBundle } from '../../client/import-bundle.ts';
import { importDvc } from '../../client/import-dvc.ts';
import { commandLine } from '../../client/shell.ts';
import { usageError } from '../../client/usage-error.ts';
import { plural } from '../../core/words.ts';
import type { Run } from '../command.ts';
import { callerOf } from '../events.ts';
import { exitCodes } from '../exit.ts';
import { printResult, type Session } from '../session.ts';

export const run: Run = async (args, session) => {
  const [file] = args.positionals;
  const [folder, out] = [args.text('bundle'), args.text('out')];
  if ((file === undefined) === (folder === undefined))
    throw usageError(
      'import takes a dvc.yaml or a bundle',
      'cemiflow import dvc.yaml, or cemiflow import --bundle DIR',
    );
  if (file !== undefined) return importPipeline(file, out, session);
  if (out !== undefined) throw usageError('--out belongs to a dvc.yaml', 'cemiflow import dvc.yaml --out spec.yaml');
  const imported = await importBundle(folder as string, callerOf(session));
  const lines = [
    `${imported.run}, root ${imported.root}: ${plural(imported.actions, 'action')} in the store`,
    ...(imported.leftOut > 0
      ? [`${plural(imported.leftOut, 'file')} left out: made again where something needs them`]
      : []),
  ];
  printResult(session, imported, lines.join('\n'));
  return exitCodes.ok;
};

const importPipeline = (file: string, out: string | undefined, session: Session): number => {
  const { spec, stages, left } = importDvc(file, session.cwd);
  if (out === undefined) printResult(session, { spec, stages, left }, spec.trimEnd());
  else {
    const path = resolve(session.cwd, out);
    if (existsSync(path)) throw usageError(`${out} is there already`, 'name a file that does not exist yet');
    writeFileSync(path, spec);
    printResult(session, { path, stages, left }, `${plural(stages, 'stage')} in ${out}: ${commandLine('plan', out)}`);
  }
  if (left.length > 0) session.note(`not carried over:\n${left.map((each) => `  ${each}`).join('\n')}`);
  return exitCodes.ok;
};
