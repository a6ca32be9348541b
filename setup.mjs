#!/usr/bin/env node
/**
 * Installs what cemiflow needs and the machine lacks: npm packages, TensorFlow and its addon, the Temporal and MinIO
 * servers. Plain Node without dependencies, because it runs before there are any. Safe to run again, to interrupt, and
 * to run twice at once.
 *
 * Exit codes: 0 ready, 1 a step failed, 2 something is missing on this machine.
 */
import { mkdirSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { addonBuilt, addonInstalled, buildAddon, installAddon } from './setup/addon.mjs';
import { cacheDir } from './setup/cache-dir.mjs';
import { removeLeftovers } from './setup/entry.mjs';
import { installKernels, kernelsReady } from './setup/kernels.mjs';
import { versions } from './setup/layout.mjs';
import { acquireLock } from './setup/lock.mjs';
import { installPackages, packagesReady } from './setup/npm.mjs';
import { duration, Progress } from './setup/progress.mjs';
import { failureMessage, findMissing, missingMessage, nodeTrouble, spaceMissing } from './setup/requirements.mjs';
import { stopCommands } from './setup/run.mjs';
import { runSteps } from './setup/steps.mjs';
import { installTensorflow, tensorflowReady, tensorflowVariant } from './setup/tensorflow.mjs';
import { buildTool, toolReady } from './setup/tools.mjs';

const GB = 1e9;
const project = import.meta.dirname;
const env = process.env;
const cache = cacheDir(env);
const logOf = (name) => join(cache, 'logs', `${name}.log`);

/** The steps of which something is left to do. `after` names steps that must be done before. */
const stepsToDo = async () => {
  const variant = await tensorflowVariant(env);
  const packages = packagesReady(project);
  const tensorflow = `TensorFlow ${versions.tensorflow.version} (${variant.toUpperCase()})`;
  const built = addonBuilt(env, project, variant);
  const all = [
    {
      name: 'npm packages',
      purpose: 'npm packages are what everything is written with',
      needs: ['npm'],
      bytes: 0.7 * GB,
      ready: packages,
      work: () => installPackages(project, logOf('npm')),
    },
    {
      name: tensorflow,
      purpose: 'pip downloads the TensorFlow library that trains and samples',
      needs: ['linux', 'pip'],
      bytes: variant === 'gpu' ? 12 * GB : 2 * GB,
      ready: tensorflowReady(env, variant),
      work: (tell) => installTensorflow(env, variant, logOf('tensorflow'), tell),
    },
    {
      name: 'TensorFlow addon for Node',
      purpose: 'a C++ compiler and Python build the addon by which Node calls TensorFlow',
      needs: ['linux', 'compiler', 'python'],
      bytes: 0.1 * GB,
      after: ['npm packages', tensorflow],
      ready: built,
      work: () => buildAddon(env, project, variant, logOf('addon')),
    },
    {
      name: 'TensorFlow trial',
      purpose: 'TensorFlow computes in this clone',
      needs: ['linux'],
      bytes: 0,
      after: ['npm packages', tensorflow, 'TensorFlow addon for Node'],
      // npm empties node_modules, and the addon in it.
      ready: packages && built && addonInstalled(env, project, variant),
      work: (tell) => installAddon(env, project, variant, logOf('addon'), tell),
    },
    {
      name: 'kernels',
      purpose: "a C++ compiler builds our own kernels, which are faster than TensorFlow's",
      needs: ['linux', 'compiler'],
      bytes: 0.1 * GB,
      after: ['npm packages', tensorflow],
      ready: packages && kernelsReady(env, project, variant),
      work: (tell) => installKernels(env, project, variant, logOf('kernels'), tell),
    },
    ...toolSteps(),
  ];
  return all.filter((step) => !step.ready);
};

/** The servers that no address in the environment replaces. One after the other where cores are few. */
const toolSteps = () => {
  const together = cpus().length >= 4;
  const temporal = `Temporal ${versions.temporal.version}`;
  return [
    {
      name: temporal,
      tool: 'temporal',
      purpose: 'Go builds the Temporal server, which carries every run (or set TEMPORAL_ADDRESS)',
      instead: env.TEMPORAL_ADDRESS,
    },
    {
      name: 'MinIO',
      tool: 'minio',
      purpose: 'Go builds MinIO, the object store that holds every result (or set S3_ENDPOINT)',
      instead: env.S3_ENDPOINT,
      behind: together ? [] : [temporal],
    },
  ]
    .filter((step) => !step.instead)
    .map((step) => ({
      ...step,
      needs: ['linux', 'go'],
      bytes: 2.5 * GB,
      ready: toolReady(env, step.tool),
      work: () => buildTool(env, step.tool, logOf(step.tool)),
    }));
};

const fail = (message, code) => {
  process.stderr.write(`\n${message}\n`);
  process.exitCode = code;
};

const main = async () => {
  const trouble = nodeTrouble(process.version, versions.node);
  if (trouble) return fail(trouble, 2);
  if ((await stepsToDo()).length === 0) return;

  mkdirSync(cache, { recursive: true });
  const progress = new Progress();
  const onWait = ({ pid }) => progress.line(`another set-up runs (process ${pid}); waiting for it`);
  const release = await acquireLock(join(cache, 'setup.lock'), { onWait });
  const interrupt = (code) => () => {
    progress.stop();
    stopCommands();
    release();
    process.stderr.write('\nSet-up interrupted. What is done is kept; run it again to continue.\n');
    process.exit(code);
  };
  process.once('SIGINT', interrupt(130));
  process.once('SIGTERM', interrupt(143));
  try {
    removeLeftovers(cache);
    const steps = await stepsToDo();
    const missing = [...(await findMissing(steps)), ...spaceMissing(steps, cache)];
    if (missing.length > 0) return fail(missingMessage(missing), 2);
    const failures = await runSteps(steps, (step) => progress.step(step.name, step.work));
    if (failures.length > 0) {
      const { message, code } = failureMessage(failures);
      return fail(message, code);
    }
    if (steps.length > 0) progress.line(`set-up complete in ${duration(Date.now() - progress.startedAt)}`);
  } finally {
    progress.stop();
    release();
  }
};

await main();
