import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Command, execute } from './command.ts';

/** A stage of the DAG that all sides have: one output of 1 KiB, made from the outputs of others. */
interface Stage {
  readonly name: string;
  readonly needs: readonly string[];
}

/** The DAG of `ours.ts`, by names that are file names too. */
const stagesOf = (chains: number): Stage[] => [
  { name: 'benchmarks', needs: [] },
  ...Array.from({ length: chains }, (_, i) => [
    { name: `faces-${i}`, needs: [] },
    { name: `recognizers-${i}`, needs: [`faces-${i}`] },
    { name: `centers-${i}`, needs: [`faces-${i}`, `recognizers-${i}`] },
  ]).flat(),
];

const outputOf = (name: string): string => `out/${name}.bin`;
const contentOf = (name: string): Buffer => Buffer.alloc(1024, `output of ${name}\n`);

const write = (path: string, content: string | Uint8Array): void => {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
};

const commandOf = ({ name, needs }: Stage): string =>
  `cat ${needs.length > 0 ? needs.map(outputOf).join(' ') : '/dev/null'} > ${outputOf(name)}`;

type Where = { readonly folder: string; readonly python: string; readonly env: Command['env'] };

const writeOutputs = (folder: string, stages: readonly Stage[]): void => {
  for (const { name } of stages) write(join(folder, outputOf(name)), contentOf(name));
};

/**
 * A command in a DVC project (no SCM, no analytics) whose `dvc.lock` and cache say that every stage was done: what `dvc repro` leaves,
 * written at once because it rewrites the whole lock file after each of 1,000 stages.
 *
 * @param timed the arguments of the command
 */
export const dvcProject = async (
  chains: number,
  { folder, python, env }: Where,
  timed: readonly string[],
): Promise<Command> => {
  const stages = stagesOf(chains);
  mkdirSync(folder, { recursive: true });
  const command = (...args: string[]): Command => ({ file: python, args: ['-m', 'dvc', ...args], cwd: folder, env });
  await execute(command('init', '--no-scm'));
  await execute(command('config', 'core.analytics', 'false'));
  await execute(command('config', 'core.check_update', 'false'));
  writeOutputs(folder, stages);
  const md5 = new Map(stages.map(({ name }) => [name, createHash('md5').update(contentOf(name)).digest('hex')]));
  for (const [name, hex] of md5)
    write(join(folder, '.dvc', 'cache', 'files', 'md5', hex.slice(0, 2), hex.slice(2)), contentOf(name));
  const file = (name: string) => ({ path: outputOf(name), hash: 'md5', md5: md5.get(name), size: 1024 });
  const declared = stages.map((stage) => [
    stage.name,
    { cmd: commandOf(stage), deps: stage.needs.map(outputOf), outs: [outputOf(stage.name)] },
  ]);
  const locked = stages.map((stage) => [
    stage.name,
    { cmd: commandOf(stage), deps: stage.needs.map(file), outs: [file(stage.name)] },
  ]);
  // JSON is YAML.
  write(join(folder, 'dvc.yaml'), JSON.stringify({ stages: Object.fromEntries(declared) }, null, 1));
  write(join(folder, 'dvc.lock'), JSON.stringify({ schema: '2.0', stages: Object.fromEntries(locked) }, null, 1));
  return command(...timed);
};

/** A command in a Snakemake workflow whose outputs are there, with the metadata that a run leaves (`--touch`). */
export const snakemakeProject = async (
  chains: number,
  { folder, python, env }: Where,
  timed: readonly string[],
): Promise<Command> => {
  const rule = (name: string, needs: readonly string[]): string =>
    `rule ${name}:
    input: ${needs.map((need) => `"out/${need}-{i}.bin"`).join(', ')}
    output: "out/${name}-{i}.bin"
    shell: "cat {input} /dev/null > {output}"
`;
  const text = `rule all:
    input: "out/benchmarks.bin", expand("out/centers-{i}.bin", i=range(${chains}))
rule benchmarks:
    output: "out/benchmarks.bin"
    shell: "cat /dev/null > {output}"
${rule('faces', [])}${rule('recognizers', ['faces'])}${rule('centers', ['faces', 'recognizers'])}`;
  write(join(folder, 'Snakefile'), text);
  writeOutputs(folder, stagesOf(chains));
  const command = (...args: string[]): Command => ({
    file: python,
    args: ['-m', 'snakemake', ...args],
    cwd: folder,
    env,
  });
  await execute(command('--cores', '1', '--touch', '--forceall', '--quiet', 'all'));
  return command(...timed);
};
