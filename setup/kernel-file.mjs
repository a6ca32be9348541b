import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What set-up and the program must agree on: which library of kernels belongs to which sources and processor. */

export const sourceFolder = (project) => join(project, 'nn', 'native');

/** @returns the C++ files of a project, by name */
export const kernelSources = (project) =>
  readdirSync(sourceFolder(project))
    .filter((name) => /\.(cc|h)$/.test(name))
    .sort();

/** Twelve hexadecimal digits that stand for the content of the sources. */
export const kernelDigest = (project) => {
  const hash = createHash('sha256');
  for (const name of kernelSources(project))
    hash
      .update(`${name}\0`)
      .update(readFileSync(join(sourceFolder(project), name)))
      .update('\0');
  return hash.digest('hex').slice(0, 12);
};

/** Flags of /proc/cpuinfo that a level stands for; the first that a processor has is its own. */
const levels = {
  'x86-64-v4': ['avx512f', 'avx512bw', 'avx512cd', 'avx512dq', 'avx512vl'],
  'x86-64-v3': ['avx2', 'bmi1', 'bmi2', 'f16c', 'fma', 'movbe'],
};

/** The level of instructions that compilers know by name (`-march`) and a processor has; `baseline` is every processor's. */
export const instructionLevel = (file = '/proc/cpuinfo', arch = process.arch) => {
  if (arch !== 'x64' || !existsSync(file)) return 'baseline';
  const flags = new Set((/^flags\s*:(.*)$/m.exec(readFileSync(file, 'utf8'))?.[1] ?? '').trim().split(' '));
  return Object.keys(levels).find((level) => levels[level].every((flag) => flags.has(flag))) ?? 'baseline';
};

/** Where the library lies in a clone. @param packages folder of the package whose addon it lies beside */
export const kernelFile = (packages, project, level = instructionLevel()) =>
  join(packages, 'lib', 'napi-v8', `cemiflow-kernels-${kernelDigest(project)}-${level}.node`);
