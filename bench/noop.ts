import { join } from 'node:path';
import { down, up } from '../services/index.ts';
import type { Benchmark, Context, Side } from './benchmark.ts';
import { commandSide } from './noop/command.ts';
import { cemiflow, countOf, finishedExperiment, type Size } from './noop/ours.ts';
import { dvcProject, snakemakeProject } from './noop/peers.ts';
import { ensurePeers } from './peers.ts';

/** Of three stages each; one stage stands alone. */
const chains = 333;
const count = countOf({ chains });
/** As many actions as one experiment may have. */
const largest: Size = { chains: 666, singles: 2 };

const says = (name: 'run' | 'plan', size: Size): RegExp =>
  name === 'run'
    ? new RegExp(`all ${countOf(size)} stages are in the store`)
    : new RegExp(`${countOf(size)} hits, 0 misses, 0 wait`);

const oursOf = async (name: 'run' | 'plan', size: Size, { folder, note, env: outer }: Context): Promise<Side> => {
  const home = join(folder, 'home');
  const { s3 } = await up({ home, env: outer, stopWithPid: process.pid });
  const env = { ...outer, CEMIFLOW_HOME: home };
  const side = commandSide(`cemiflow ${name}`, says(name, size), async () => {
    note(`noop: writing the records of ${countOf(size)} actions`);
    return cemiflow([name, await finishedExperiment(size, { folder, env, s3 })], folder, env);
  });
  return { ...side, close: async () => void (await down({ home })) };
};

const sides = async (name: 'run' | 'plan', context: Context) => {
  const { folder, note } = context;
  const { python, versions } = await ensurePeers('workflow', context);
  const peerEnv = { ...context.env, DVC_NO_ANALYTICS: '1', PYTHONDONTWRITEBYTECODE: undefined };
  const dvc = commandSide(
    'dvc repro',
    /up to date/,
    () => dvcProject(chains, { folder: join(folder, 'dvc'), python, env: peerEnv }),
    () => ({ dvc: versions.dvc ?? '' }),
  );
  const snakemake = commandSide(
    'snakemake -n',
    /Nothing to be done/,
    () => {
      note(`noop: snakemake --touch of ${count} jobs`);
      return snakemakeProject(chains, { folder: join(folder, 'snakemake'), python, env: peerEnv });
    },
    () => ({ snakemake: versions.snakemake ?? '' }),
  );
  return { ours: await oursOf(name, { chains }, context), peers: [dvc, snakemake] };
};

const done = `an experiment of ${count} actions (${chains} chains of three), all done, each command from start to exit, servers up`;

const ours =
  'ours expands the spec, digests the code of its kinds, reads and rehashes every record and manifest in MinIO, and asks for every blob';
const theirs =
  'dvc repro compares size and time of files with its state, and hashes where they differ; snakemake -n compares times and recorded metadata of files';

export const benchmarks: readonly Benchmark[] = [
  ...(['run', 'plan'] as const).map((name) => ({
    name: `noop/${name}`,
    work: `${done}; ${ours}; ${theirs}`,
    target: 5,
    rounds: 7,
    sides: (context: Context) => sides(name, context),
  })),
  {
    name: 'noop/plan-largest',
    work: `"cemiflow plan" from start to exit of ${countOf(largest)} actions, as many as one experiment may have, all done, servers up; ${ours}`,
    targetSeconds: 3,
    rounds: 5,
    sides: async (context: Context) => ({ ours: await oursOf('plan', largest, context), peers: [] }),
  },
];
