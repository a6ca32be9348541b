import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { CemiflowError } from '../core/errors.ts';
import type { Benchmark, Context } from './benchmark.ts';
import { benchMachine } from './machine.ts';
import { measure, type Result } from './measure.ts';
import { note, runProgram } from './program.ts';
import { loadBenchmarks } from './registry.ts';
import { markdown, textTable, verdict } from './table.ts';

const usage = 'npm run bench -- [NAME…] [--rounds N] [--out FILE.json] [--list]';

const options = {
  rounds: { type: 'string' },
  out: { type: 'string' },
  list: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

const usageError = (message: string, remedy = usage): CemiflowError => new CemiflowError('Usage', message, { remedy });

/** Those that are named, wholly or by the part before a slash: `store` means `store/put` and `store/get`. */
const choose = (all: readonly Benchmark[], names: readonly string[]): readonly Benchmark[] => {
  const fits = ({ name }: Benchmark, wanted: string): boolean => name === wanted || name.startsWith(`${wanted}/`);
  const unknown = names.find((wanted) => !all.some((each) => fits(each, wanted)));
  if (unknown !== undefined)
    throw usageError(`there is no benchmark ${unknown}`, `name some of ${all.map(({ name }) => name).join(', ')}`);
  return names.length === 0 ? all : all.filter((each) => names.some((wanted) => fits(each, wanted)));
};

const measureIn = async (benchmark: Benchmark, rounds: number | undefined): Promise<Result> => {
  const folder = mkdtempSync(join(tmpdir(), 'cemiflow-bench-'));
  const context: Context = { env: process.env, folder, note };
  try {
    return await measure(benchmark, context, rounds);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

/** Measures one after the other. Written after each, so that what is measured stays when a later one breaks. */
const measureAll = async (chosen: readonly Benchmark[], rounds: number | undefined, out: string | undefined) => {
  const machine = benchMachine();
  const results: Result[] = [];
  let broken = 0;
  for (const benchmark of chosen) {
    try {
      results.push(await measureIn(benchmark, rounds));
    } catch (error) {
      broken++;
      note(`${benchmark.name} could not be measured: ${error instanceof Error ? error.stack : error}`);
    }
    if (out === undefined) continue;
    writeFileSync(out, `${JSON.stringify({ date: new Date().toISOString(), machine, results }, null, 2)}\n`);
    writeFileSync(out.replace(/(\.json)?$/, '.md'), markdown(results, machine));
  }
  process.stdout.write(`${textTable(results)}\n\n${results.map(verdict).join('\n')}\n`);
  const failed = results.flatMap(({ name, ours, peers }) =>
    [ours, ...peers].flatMap((side) => (side.error ? [`${name}, ${side.name}: ${side.error}`] : [])),
  );
  for (const each of failed) note(each);
  return broken + failed.length > 0 ? 1 : 0;
};

const main = async (): Promise<number> => {
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
  if (rounds !== undefined && !(Number.isInteger(rounds) && rounds > 0))
    throw usageError(`--rounds must be an integer of at least 1, got ${values.rounds}`);
  if (values.help) {
    process.stdout.write(`${usage}\n`);
    return 0;
  }
  const chosen = choose(await loadBenchmarks(), positionals);
  if (!values.list) return measureAll(chosen, rounds, values.out);
  for (const { name, work } of chosen) process.stdout.write(`${name.padEnd(36)}${work}\n`);
  return 0;
};

await runProgram(main);
