import type { RunDocument } from '../store/index.ts';

/** A word as a shell takes it: quoted where it holds more than plain characters, such as the brackets of a node's id. */
export const shellWord = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

/** `cemiflow skip quickstart-1f2e3d4c5b6a 'students[m=0.5]'`: a command that can be copied into a shell. */
export const commandLine = (...words: readonly string[]): string => ['cemiflow', ...words.map(shellWord)].join(' ');

/** The command that started a run: with the same spec and data it takes the run up again. */
export const runCommand = ({ spec, places }: Pick<RunDocument, 'spec' | 'places'>): string => {
  // The spec may have changed since the plan was saved, and would be another run.
  if (spec.savedPlan !== undefined) return commandLine('run', places?.savedPlan ?? spec.savedPlan);
  return commandLine('run', places?.spec ?? spec.path, ...setArguments({ spec, places }));
};

/** The `--set` of the command line that a spec was read with. */
export const setArguments = ({ spec, places }: Pick<RunDocument, 'spec' | 'places'>): string[] =>
  (places?.set ?? ((spec.overrides?.set ?? []) as string[])).flatMap((override) => ['--set', override]);
