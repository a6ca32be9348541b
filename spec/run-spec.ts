import { basename, dirname, isAbsolute, relative, sep } from 'node:path';
import type { RunSpec } from '../core/run-record.ts';

/** What was declared, as a run keeps it: no path in it says where the experiment's folder lies. */
export const keptSpec = ({ path, files, savedPlan, ...rest }: RunSpec): RunSpec => ({
  ...rest,
  path: basename(path),
  ...(files && { files: files.map((file) => ({ path: pathBeside(path, file.path), text: file.text })) }),
  ...(savedPlan !== undefined && { savedPlan: basename(savedPlan) }),
});

/** A file's path within the folder of another; of a file outside it, the name alone. */
const pathBeside = (file: string, other: string): string => {
  if (!isAbsolute(other)) return other;
  const path = relative(dirname(file), other);
  return path.startsWith('..') || isAbsolute(path) ? basename(other) : path.split(sep).join('/');
};
