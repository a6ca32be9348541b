import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { down, up } from '../../services/index.ts';
import type { Context } from '../benchmark.ts';
import { type Command, execute } from '../noop/command.ts';
import { cemiflow } from '../noop/ours.ts';
import { ensurePeers } from '../peers.ts';

/** A workflow tool with the same three stages, set up in a folder of its own. */
export interface Tool {
  readonly name: string;
  readonly version: string;
  /** Non-empty lines of its definition that are no comments. */
  readonly lines: number;
  /** Brings everything up to date. */
  readonly run: Command;
  /** What must be called before `run` after a crash. */
  readonly afterCrash: readonly Command[];
  setRate(rate: number): void;
  /** What `score` found, where `run` leaves it. */
  score(): Promise<number>;
  /** Kills all that runs stages, at once, as a machine that goes down does. @param pid leader of the group of `run` */
  crash(pid: number): void;
  close(): Promise<void>;
}

const pipeline = join(import.meta.dirname, 'pipeline');

/** What is there for the measurement alone is no part of a definition: the others' programs inherit the environment. */
const linesOf = (text: string): number =>
  text.split('\n').filter((line) => /^\s*[^\s#]/.test(line) && !line.includes('COMPARE_LOG')).length;

const killGroup = (pid: number): void => void process.kill(-pid, 'SIGKILL');

/** Writes the program and a definition. @param careless with one folder of checkpoints for all rates @returns its text, and lines */
const project = (
  folder: string,
  definition: string,
  log: string,
  careless = false,
): { readonly text: string; readonly lines: number } => {
  mkdirSync(join(folder, 'code'), { recursive: true });
  cpSync(join(pipeline, 'work.py'), join(folder, 'code', 'work.py'));
  const careful = readFileSync(join(pipeline, definition), 'utf8').replaceAll('LOGFILE', log);
  const text = careless
    ? careful.replace(/checkpoints\/(\$\{rate\}|\{params\.rate\}|\$rate)/g, 'checkpoints')
    : careful;
  writeFileSync(join(folder, definition), text);
  return { text, lines: linesOf(text) };
};

/** Of a tool that works in its folder: the rate is a file there, and the score another. It begins with 0.01. */
const ratesIn = (folder: string): Pick<Tool, 'setRate' | 'score'> => {
  const setRate = (rate: number): void => writeFileSync(join(folder, 'params.yaml'), `rate: ${rate}\n`);
  setRate(0.01);
  const score = async () => (JSON.parse(readFileSync(join(folder, 'score.json'), 'utf8')) as { off: number }).off;
  return { setRate, score };
};

export const ours = async (folder: string, log: string, { env: outer }: Context): Promise<Tool> => {
  const home = join(folder, 'home');
  await up({ home, env: outer, stopWithPid: process.pid });
  const env = { ...outer, CEMIFLOW_HOME: home };
  const { lines, text } = project(folder, 'spec.yaml', log);
  const version = /\d+\.\d+\.\d+/.exec(await execute(cemiflow(['--version'], folder, env)))?.[0] ?? '';
  return {
    ...{ name: 'cemiflow', version, lines },
    run: cemiflow(['run', 'spec.yaml', '--yes'], folder, env),
    afterCrash: [],
    setRate: (rate) => writeFileSync(join(folder, 'spec.yaml'), text.replace(/rate: [\d.]+/, `rate: ${rate}`)),
    score: async () => {
      const out = await execute(
        cemiflow(['get', 'compare:score', '--out', join(folder, `score-${Date.now()}`)], folder, env),
      );
      const [, path = ''] = /(\/\S*score-\d+)/.exec(out) ?? [];
      const { values } = JSON.parse(readFileSync(join(path, 'metrics.json'), 'utf8')) as { values: { off: number } };
      return values.off;
    },
    crash: (pid) => {
      killGroup(pid);
      for (const worker of workersOf(home)) process.kill(worker, 'SIGKILL');
    },
    close: async () => void (await down({ home })),
  };
};

/** Processes that run stages for a state folder. The guard of a program ends it with its worker. */
const workersOf = (home: string): number[] =>
  readdirSync('/proc').flatMap((name) => {
    try {
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8');
      const environment = readFileSync(`/proc/${name}/environ`, 'utf8');
      return command.includes('worker.ts') && environment.includes(`CEMIFLOW_HOME=${home}\0`) ? [Number(name)] : [];
    } catch {
      // No process, or one that has just ended.
      return [];
    }
  });

export const dvc = async (folder: string, log: string, context: Context, careless = false): Promise<Tool> => {
  const { python, versions } = await ensurePeers('workflow', context);
  const env = { ...context.env, COMPARE_LOG: log, DVC_NO_ANALYTICS: '1' };
  const command = (...args: string[]): Command => ({ file: python, args: ['-m', 'dvc', ...args], cwd: folder, env });
  const { lines } = project(folder, 'dvc.yaml', log, careless);
  const { setRate, score } = ratesIn(folder);
  await execute(command('init', '--no-scm'));
  return {
    ...{ name: 'DVC', version: versions.dvc ?? '', lines: lines + 1 },
    run: command('repro'),
    afterCrash: [],
    setRate,
    score,
    crash: killGroup,
    close: async () => {},
  };
};

export const snakemake = async (folder: string, log: string, context: Context, careless = false): Promise<Tool> => {
  const { python, versions } = await ensurePeers('workflow', context);
  const env = { ...context.env, COMPARE_LOG: log };
  const command = (...args: string[]): Command => ({
    file: python,
    args: ['-m', 'snakemake', '--cores', '1', ...args],
    cwd: folder,
    env,
  });
  const { lines } = project(folder, 'Snakefile', log, careless);
  const { setRate, score } = ratesIn(folder);
  return {
    ...{ name: 'Snakemake', version: versions.snakemake ?? '', lines: lines + 1 },
    run: command('--rerun-incomplete'),
    // Its lock outlives a crash.
    afterCrash: [command('--unlock')],
    setRate,
    score,
    crash: killGroup,
    close: async () => {},
  };
};

/** What Nextflow's own launcher opens to it; without, it finds nothing of what it has done, and says nothing of that. */
const opened = [
  ...['java.lang', 'java.io', 'java.net', 'java.nio', 'java.util', 'java.util.concurrent.locks'],
  ...['java.util.concurrent.atomic', 'java.util.regex', 'jdk.internal.misc', 'jdk.internal.vm', 'sun.nio.ch'],
  ...['sun.nio.fs', 'sun.net.www.protocol.file', 'sun.net.www.protocol.ftp', 'sun.net.www.protocol.http'],
  'sun.net.www.protocol.https',
];

/** Nextflow's own launcher fetches its program from elsewhere: here Maven does, which has all but one module that is not needed. */
export const nextflow = async (
  folder: string,
  log: string,
  { env: outer, note }: Context,
  careless = false,
): Promise<Tool> => {
  const pom = join(folder, 'pom.xml');
  cpSync(join(import.meta.dirname, 'nextflow.pom.xml'), pom);
  note('nextflow: Maven fetches it');
  const classes = join(folder, 'classes.txt');
  const args = ['-q', '-f', pom, 'dependency:build-classpath', `-Dmdep.outputFile=${classes}`];
  await execute({ file: 'mvn', args, cwd: folder, env: outer });
  const version = /<version>([\d.]{5,})</.exec(readFileSync(pom, 'utf8'))?.[1] ?? '';
  const env = {
    ...outer,
    COMPARE_LOG: log,
    NXF_OFFLINE: 'true',
    NXF_HOME: join(folder, 'nextflow'),
    NXF_ANSI_LOG: 'false',
  };
  const { lines } = project(folder, 'main.nf', log, careless);
  const { setRate, score } = ratesIn(folder);
  const opens = opened.map((name) => `--add-opens=java.base/${name}=ALL-UNNAMED`);
  const launcher = [...opens, '-cp', readFileSync(classes, 'utf8').trim(), 'nextflow.cli.Launcher'];
  return {
    ...{ name: 'Nextflow', version, lines: lines + 1 },
    run: {
      file: 'java',
      args: [...launcher, 'run', 'main.nf', '-params-file', 'params.yaml', '-resume'],
      cwd: folder,
      env,
    },
    afterCrash: [],
    setRate,
    score,
    crash: killGroup,
    close: async () => {},
  };
};
