import { join } from 'node:path';
import { down, up } from '../services/index.ts';
import type { Benchmark, Context } from './benchmark.ts';
import { commandSide } from './noop/command.ts';
import { cemiflow, finishedExperiment } from './noop/ours.ts';
import { dvcProject, snakemakeProject } from './noop/peers.ts';
import { ensurePeers } from './peers.ts';

/** Of three stages each; one stage stands alone. */
const chains = 333;
const count = 3 * chains + 1;

const says = {
  run: new RegExp(`all ${count} stages are in the store`),
  plan: new RegExp(`${count} hits, 0 misses, 0 wait`),
} as const;

const sides = async (name: 'run' | 'plan', context: Context) => {
  const { folder, note } = context;
  const home = join(folder, 'home');
  const { s3 } = await up({ home, env: context.env, stopWithPid: process.pid });
  const { python, versions } = await ensurePeers('workflow', context);
  const env = { ...context.env, CEMIFLOW_HOME: home };
  const peerEnv = { ...context.env, DVC_NO_ANALYTICS: '1', PYTHONDONTWRITEBYTECODE: undefined };
  const ours = commandSide(`cemiflow ${name}`, says[name], async () => {
    note(`noop: writing the records of ${count} actions`);
    return cemiflow([name, await finishedExperiment(chains, { folder, env, s3 })], folder, env);
  });
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
  return { ours: { ...ours, close: async () => void (await down({ home })) }, peers: [dvc, snakemake] };
};

const done = `an experiment of ${count} actions (${chains} chains of three), all done, each command from start to exit, servers up`;

const ours =
  'ours expands the spec, digests the code of its kinds, reads and rehashes every record and manifest in MinIO, and asks for every blob';
const theirs =
  'dvc repro compares size and time of files with its state, and hashes where they differ; snakemake -n compares times and recorded metadata of files';

export const benchmarks: readonly Benchmark[] = (['run', 'plan'] as const).map((name) => ({
  name: `noop/${name}`,
  work: `${done}; ${ours}; ${theirs}`,
  target: 5,
  rounds: 7,
  sides: (context) => sides(name, context),
}));
