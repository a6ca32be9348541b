import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { casesOf } from './cases.ts';
import type { Summary } from './child.ts';
import { loadTarget } from './targets.ts';

export interface FuzzResult extends Summary {
  readonly name: string;
  /** Where the input of the finding was saved. */
  readonly saved?: string;
}

const child = fileURLToPath(new URL('child.ts', import.meta.url));
const maxCaseMs = 5000;
const maxHeapMiB = 512;

/**
 * Runs cases of a target in a separate process, which may hang, die or run out of memory. It stops at the first finding, whose input
 * is saved.
 *
 * @param module file that exports `target`
 */
export const runTarget = async (module: URL, options: { cases: number; seed: number }): Promise<FuzzResult> => {
  const { name } = await loadTarget(module);
  const folder = mkdtempSync(join(tmpdir(), 'cemiflow-fuzz-'));
  const progress = join(folder, 'progress');
  writeFileSync(progress, Buffer.alloc(8));
  try {
    const args = [module.href, String(options.cases), String(options.seed), progress];
    const { output, errors, hung } = await runChild(args, progress);
    const started = caseUnderWay(progress);
    const summary = summaryOf(output) ?? {
      cases: started + 1,
      codes: {},
      slowestMs: hung ? maxCaseMs : 0,
      peakMiB: 0,
      finding: hung ? `took over ${maxCaseMs} ms` : `the process died: ${errors.slice(-2000)}`,
    };
    if (summary.finding === undefined) return { name, ...summary };
    return { name, ...summary, saved: await save(module, options.seed, started) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

const caseUnderWay = (progress: string): number => readFileSync(progress).readDoubleLE();

const runChild = async (args: readonly string[], progress: string) => {
  const started = spawn(process.execPath, ['--import', 'tsx', `--max-old-space-size=${maxHeapMiB}`, child, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let hung = false;
  let last = { number: -1, since: performance.now() };
  const watch = setInterval(() => {
    const number = caseUnderWay(progress);
    if (number !== last.number) last = { number, since: performance.now() };
    // Before case 0, the process has to load.
    const allowed = number === 0 ? 12 * maxCaseMs : maxCaseMs;
    if (performance.now() - last.since <= allowed) return;
    hung = true;
    started.kill('SIGKILL');
  }, 250);
  try {
    const [output, errors] = await Promise.all([text(started.stdout), text(started.stderr)]);
    return { output, errors, hung };
  } finally {
    clearInterval(watch);
  }
};

const summaryOf = (output: string): Summary | undefined => {
  const line = output.trimEnd().split('\n').at(-1);
  return line?.startsWith('{') ? (JSON.parse(line) as Summary) : undefined;
};

/** Keeps the input of case `number` under the folder for temporary files. */
const save = async (module: URL, seed: number, number: number): Promise<string> => {
  const target = await loadTarget(module);
  const folder = join(tmpdir(), 'cemiflow-fuzz');
  mkdirSync(folder, { recursive: true });
  const [bytes = new Uint8Array()] = casesOf(target, seed, 1, number);
  const path = join(folder, `${target.name}-seed${seed}-case${number}`);
  writeFileSync(path, bytes);
  return path;
};
