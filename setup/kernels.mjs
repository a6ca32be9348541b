import { cpSync, existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { packageDir } from './addon.mjs';
import { cacheDir } from './cache-dir.mjs';
import { ensureEntry, readStamp } from './entry.mjs';
import { instructionLevel, kernelDigest, kernelFile, sourceFolder } from './kernel-file.mjs';
import { tensorflowDir, versions } from './layout.mjs';
import { CommandFailed, probe, run } from './run.mjs';

/**
 * Instruction levels to build for: this processor's, or those that `CEMIFLOW_KERNELS_FOR` names, such as
 * `x86-64-v3,x86-64-v4` for an image that will run elsewhere.
 */
const levelsOf = (env) => (env.CEMIFLOW_KERNELS_FOR ? env.CEMIFLOW_KERNELS_FOR.split(',') : [instructionLevel()]);

/** One built library for each state of its sources, TensorFlow and instruction level. */
const kernelsDir = (env, project, variant, level) =>
  join(
    cacheDir(env),
    `kernels-${kernelDigest(project)}-tensorflow-${variant}-${versions.tensorflow.version}-${level}-${process.arch}`,
  );

const library = 'kernels.node';
const failure = 'failure.txt';

const installed = (env, project, variant, level) => {
  const built = readStamp(kernelsDir(env, project, variant, level));
  return built !== undefined && (built.failed || existsSync(kernelFile(packageDir(project), project, level)));
};

/** Whether nothing is left to do: every library is in this clone's packages, or is known not to compile. */
export const kernelsReady = (env, project, variant) =>
  levelsOf(env).every((level) => installed(env, project, variant, level));

/** What became of the kernels for this processor. `failure`: where in the cache the compiler's messages lie, if it failed. */
export const kernelsState = (env, project, variant) => {
  const level = instructionLevel();
  const dir = kernelsDir(env, project, variant, level);
  return { level, ...(readStamp(dir)?.failed ? { failure: join(basename(dir), failure) } : {}) };
};

/**
 * Compiles our kernels and puts them beside the addon. Where they do not compile, which is tried once, TensorFlow's own ops
 * do the work, more slowly.
 */
export const installKernels = async (env, project, variant, log, tell = () => {}) => {
  for (const level of levelsOf(env)) {
    const dir = kernelsDir(env, project, variant, level);
    await ensureEntry(dir, (folder) => compile(folder, { env, project, variant, level, log }));
    if (readStamp(dir).failed) {
      tell(`they do not compile here (${join(dir, failure)}); steps will take longer`);
      continue;
    }
    const target = kernelFile(packageDir(project), project, level);
    mkdirSync(dirname(target), { recursive: true });
    cpSync(join(dir, library), `${target}.new`);
    renameSync(`${target}.new`, target);
  }
};

/** The first that is there of those that set-up accepts as a C++ compiler. */
const compilerOf = async (env) => {
  for (const compiler of [env.CXX, 'c++', 'g++', 'clang++'].filter(Boolean))
    if ((await probe(compiler, ['--version'])) !== undefined) return compiler;
  return 'c++';
};

const compile = async (folder, { env, project, variant, level, log }) => {
  const tensorflow = tensorflowDir(env, variant);
  const args = [
    ...['-std=c++17', '-O3', '-fPIC', '-shared', '-fvisibility=hidden', '-w'],
    ...(level === 'baseline' ? [] : [`-march=${level}`]),
    ...(level === 'x86-64-v4' ? ['-mprefer-vector-width=512'] : []),
    ...['-isystem', join(tensorflow, 'include')],
    join(sourceFolder(project), 'ops.cc'),
    ...['-o', join(folder, library)],
    ...[`-L${join(tensorflow, 'lib')}`, '-ltensorflow_framework'],
  ];
  try {
    await run(await compilerOf(env), args, { log });
    return { files: [library], facts: { level } };
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    writeFileSync(join(folder, failure), error.output);
    return { files: [failure], facts: { level, failed: true } };
  }
};
