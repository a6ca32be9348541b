import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Context } from '../benchmark.ts';
import { benchMachine } from '../machine.ts';
import { execute } from '../noop/command.ts';
import { note, runProgram } from '../program.ts';
import { dvc, nextflow, ours, snakemake, type Tool } from './tools.ts';

/** What a call of a tool did: its seconds, and what the program says that it did. */
interface Did {
  readonly seconds: number;
  readonly stages: readonly string[];
  readonly steps: number;
}

interface Row {
  readonly tool: string;
  readonly version: string;
  readonly lines: number;
  readonly cold: Did;
  readonly noop: Did;
  readonly changed: Did;
  /** After a crash at step 80 of 120: what the second call did. */
  readonly crashed: Did;
  /** Calls that were needed besides `run`. */
  readonly afterCrash: readonly string[];
  /** Whether the results after the change and after the crash are those of an undisturbed run. */
  readonly right: boolean;
  /** The same of the change alone, where one folder of checkpoints serves all rates; cemiflow's definition names none. */
  readonly rightCareless?: boolean;
}

/** How far the mean is from 0.5 after 120 steps, as `work.py` computes it. */
const expected = (rate: number): number => {
  const numbers = Array.from({ length: 100 }, (_, i) => ((7 * i) % 101) / 101);
  let value = 0;
  for (let step = 0; step < 120; step++)
    value -= (rate * numbers.reduce((sum, number) => sum + (value - number), 0)) / numbers.length;
  return Math.abs(value - 0.5);
};

const didOf = async (log: string, work: () => Promise<unknown>): Promise<Did> => {
  writeFileSync(log, '');
  const started = performance.now();
  await work();
  const seconds = (performance.now() - started) / 1000;
  const lines = readFileSync(log, 'utf8').split('\n').filter(Boolean);
  return {
    seconds,
    stages: lines.filter((line) => line !== 'step'),
    steps: lines.filter((line) => line === 'step').length,
  };
};

/** Starts a run, and pulls the plug once the training has done so many steps. */
const crashAt = async (tool: Tool, log: string, step: number): Promise<void> => {
  writeFileSync(log, '');
  const { file, args, cwd, env } = tool.run;
  const child = spawn(file, args, { cwd, env, stdio: 'ignore', detached: true });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  while (readFileSync(log, 'utf8').split('step\n').length <= step) await sleep(20);
  tool.crash(child.pid as number);
  await ended;
  // Whatever it started has gone too.
  await sleep(1000);
};

const measure = async (tool: Tool, log: string): Promise<Row> => {
  const run = () => execute(tool.run);
  const cold = await didOf(log, run);
  const noop = await didOf(log, run);
  tool.setRate(0.02);
  const changed = await didOf(log, run);
  const afterChange = await tool.score();
  tool.setRate(0.03);
  await crashAt(tool, log, 80);
  const crashed = await didOf(log, async () => {
    for (const command of tool.afterCrash) await execute(command);
    await run();
  });
  const afterCrash = await tool.score();
  const near = (found: number, rate: number): boolean => Math.abs(found - expected(rate)) < 1e-9;
  return {
    ...{ tool: tool.name, version: tool.version, lines: tool.lines, cold, noop, changed, crashed },
    afterCrash: tool.afterCrash.map(({ args }) => args.slice(1).join(' ')),
    right: near(afterChange, 0.02) && near(afterCrash, 0.03),
  };
};

/** Whether a change of the rate gives the right result where the definition keeps checkpoints in one folder. */
const isRightCareless = async (tool: Tool): Promise<boolean> => {
  await execute(tool.run);
  tool.setRate(0.02);
  await execute(tool.run);
  return Math.abs((await tool.score()) - expected(0.02)) < 1e-9;
};

const doneText = ({ seconds, stages, steps }: Did): string =>
  `${seconds.toFixed(1)} s: ${stages.length === 0 ? 'nothing' : `${stages.join(', ')}${steps > 0 ? ` (${steps} steps)` : ''}`}`;

const table = (rows: readonly Row[]): string =>
  [
    '| | lines | from nothing | again | another rate | after a crash at step 80 | besides | right results | with one folder of checkpoints |',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- |',
    ...rows.map(
      ({ tool, version, lines, cold, noop, changed, crashed, afterCrash, right, rightCareless }) =>
        `| ${tool} ${version} | ${lines} | ${[cold, noop, changed, crashed].map(doneText).join(' | ')} | ${afterCrash.map((call) => `\`${call}\``).join(', ') || '—'} | ${right ? 'yes' : 'no'} | ${rightCareless === undefined ? '—' : rightCareless ? 'right' : 'wrong'} |`,
    ),
  ].join('\n');

/** The same three stages by several tools: what each does again. Writes `docs/compare.json`, and prints its table. */
const main = async (): Promise<number> => {
  const folder = mkdtempSync(join(tmpdir(), 'cemiflow-compare-'));
  const context: Context = { env: process.env, folder, note };
  const rows: Row[] = [];
  const wanted = process.argv.slice(2);
  try {
    for (const [name, make] of Object.entries({ ours, dvc, snakemake, nextflow }).filter(
      ([name]) => wanted.length === 0 || wanted.includes(name),
    )) {
      const at = join(folder, name);
      const log = join(folder, `${name}.log`);
      mkdirSync(at);
      note(`${name}: sets up`);
      const tool = await make(at, log, context);
      try {
        rows.push(await measure(tool, log));
      } finally {
        await tool.close();
      }
      if (make === ours) continue;
      const careless = `${at}-careless`;
      mkdirSync(careless);
      const rightCareless = await isRightCareless(await make(careless, log, context, true));
      rows.push({ ...(rows.pop() as Row), rightCareless });
      note(
        `${name}: with one folder of checkpoints, the result after a change is ${rightCareless ? 'right' : 'wrong'}`,
      );
    }
  } finally {
    if (existsSync(folder)) rmSync(folder, { recursive: true, force: true });
  }
  const out = join(import.meta.dirname, '..', '..', 'docs', 'compare.json');
  if (wanted.length === 0) writeFileSync(out, `${JSON.stringify({ machine: benchMachine(), rows }, null, 2)}\n`);
  process.stdout.write(`${table(rows)}\n`);
  return 0;
};

await runProgram(main);
