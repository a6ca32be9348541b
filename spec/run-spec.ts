import { basename, dirname, isAbsolute, relative, sep } from 'node:path';
import type { RunSpec } from '../core/run-record.ts';

/** A spec as run records keep it: without any path that tells where the experiment's folder is. */
export const keptSpec = ({ path, files, savedPlan, ...rest }: RunSpec): RunSpec => ({
  ...rest,
  path: basename(path),
  ...(files && { files: files.map((file) => ({ path: pathBeside(path, file.path), text: file.text })) }),
  ...(savedPlan !== undefined && { savedPlan: basename(savedPlan) }),
});

/** The path of a file relative to the folder of another; only its name where it is outside that folder. */
const pathBeside = (file: string, other: string): string => {
  if (!isAbsolute(other)) return other;
  const path = relative(dirname(file), other);
  return path.startsWith('..') || isAbsolute(path) ? basename(other) : path.split(sep).join('/');
};
