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

/** What is timed: a command, and what it says where all is done. */
interface Timed {
  readonly name: 'run' | 'plan' | 'help' | 'status';
  readonly says: RegExp;
  /** The experiment that it is about. */
  readonly size?: Size;
}

const timedRun = (size: Size): Timed => ({
  name: 'run',
  size,
  says: new RegExp(`all ${countOf(size)} stages are in the store`),
});

const timedPlan = (size: Size): Timed => ({
  name: 'plan',
  size,
  says: new RegExp(`${countOf(size)} hits, 0 misses, 0 wait`),
});

const help: Timed = { name: 'help', says: /^cemiflow: durable/ };
const status: Timed = { name: 'status', says: /^supervisor: pid/ };

const oursOf = async ({ name, says, size }: Timed, { folder, note, env: outer }: Context): Promise<Side> => {
  const home = join(folder, 'home');
  const { s3 } = await up({ home, env: outer, stopWithPid: process.pid });
  const env = { ...outer, CEMIFLOW_HOME: home };
  const side = commandSide(`cemiflow ${name}`, says, async () => {
    if (!size) return cemiflow([name], folder, env);
    note(`noop: writing the records of ${countOf(size)} actions`);
    return cemiflow([name, await finishedExperiment(size, { folder, env, s3 })], folder, env);
  });
  return { ...side, close: async () => void (await down({ home })) };
};

type Peer = (context: Context) => Promise<Side>;

const dvc =
  (args: readonly string[], says: RegExp, chainsOfProject: number): Peer =>
  async (context) => {
    const { python, versions } = await ensurePeers('workflow', context);
    const env = { ...context.env, DVC_NO_ANALYTICS: '1', PYTHONDONTWRITEBYTECODE: undefined };
    return commandSide(
      `dvc ${args.join(' ')}`,
      says,
      () => dvcProject(chainsOfProject, { folder: join(context.folder, 'dvc'), python, env }, args),
      () => ({ dvc: versions.dvc ?? '' }),
    );
  };

const snakemake =
  (args: readonly string[], says: RegExp, chainsOfProject: number): Peer =>
  async (context) => {
    const { python, versions } = await ensurePeers('workflow', context);
    const env = { ...context.env, PYTHONDONTWRITEBYTECODE: undefined };
    return commandSide(
      `snakemake ${args.join(' ')}`,
      says,
      () => {
        context.note(`noop: snakemake --touch of ${countOf({ chains: chainsOfProject })} jobs`);
        return snakemakeProject(chainsOfProject, { folder: join(context.folder, 'snakemake'), python, env }, args);
      },
      () => ({ snakemake: versions.snakemake ?? '' }),
    );
  };

const dvcRepro = dvc(['repro'], /up to date/, chains);
const snakemakeDry = snakemake(['-n'], /Nothing to be done/, chains);

const sidesOf =
  (timed: Timed, ...peers: readonly Peer[]): Benchmark['sides'] =>
  async (context) => {
    const ours = await oursOf(timed, context);
    return { ours, peers: await Promise.all(peers.map((peer) => peer(context))) };
  };

const done = `an experiment of ${count} actions (${chains} chains of three), all done, each command from start to exit, servers up`;

const ours =
  'ours expands the spec, digests the code of its kinds, lists records, manifests and blobs in MinIO, and reads those that it has not read before';
const dvcCompares = 'dvc repro compares size and time of files with its state, and hashes where they differ';
const snakemakeCompares = 'snakemake -n compares times and recorded metadata of files';

export const benchmarks: readonly Benchmark[] = [
  {
    name: 'noop/help',
    work: '"cemiflow help" and "snakemake --help" from start to exit',
    target: 3,
    targetSeconds: 0.15,
    rounds: 15,
    sides: sidesOf(help, snakemake(['--help'], /^usage: /, 1)),
  },
  {
    name: 'noop/status',
    work: '"cemiflow status", which asks the supervisor, Temporal and MinIO, servers up, and "dvc status" of a project of four stages that are up to date, from start to exit',
    target: 3,
    targetSeconds: 0.15,
    rounds: 15,
    sides: sidesOf(status, dvc(['status'], /up to date/, 1)),
  },
  ...[timedRun({ chains }), timedPlan({ chains })].flatMap((timed): Benchmark[] => [
    {
      name: `noop/${timed.name}`,
      work: `${done}; ${ours}; ${snakemakeCompares}`,
      target: 1.5,
      targetSeconds: 0.8,
      rounds: 7,
      sides: sidesOf(timed, snakemakeDry),
    },
    {
      name: `noop/${timed.name}-dvc`,
      work: `${done}; ${ours}; ${dvcCompares}`,
      target: 10,
      rounds: 7,
      sides: sidesOf(timed, dvcRepro),
    },
  ]),
  ...[timedRun(largest), timedPlan(largest)].map((timed): Benchmark => {
    const work = `"cemiflow ${timed.name}" from start to exit of ${countOf(largest)} actions, as many as one experiment may have, all done, servers up; ${ours}`;
    return { name: `noop/${timed.name}-largest`, work, targetSeconds: 1.5, rounds: 5, sides: sidesOf(timed) };
  }),
];
