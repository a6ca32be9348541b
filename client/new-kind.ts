import { copyFileSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { repository } from '../schemas/kind-places.ts';
import { isOwnKindName } from '../spec/own-kinds.ts';
import { usageError } from './usage-error.ts';

/** A folder that was written for a stage kind of a user's own. */
export interface NewKind {
  /** From where the command was called. */
  readonly folder: string;
  readonly files: readonly string[];
}

/** The stage kind that new ones begin as: it works, and has a test. */
const example = join(repository, 'pipelines', 'kinds', 'dim');

/** Writes `kinds/NAME` into a folder. @throws CemiflowError `Usage` for a bad name, or one that is there */
export const newKind = (name: string, cwd: string): NewKind => {
  if (!isOwnKindName(name))
    throw usageError(`"${name}" cannot be the name of a stage kind`, 'cemiflow new kind blur, or blur-faces');
  const folder = join(cwd, 'kinds', name);
  if (existsSync(folder)) throw usageError(`kinds/${name} is there already`, 'take another name');
  mkdirSync(folder, { recursive: true });
  const files = readdirSync(example).sort();
  for (const file of files) copyFileSync(join(example, file), join(folder, file));
  return { folder: relative(cwd, folder), files };
};
