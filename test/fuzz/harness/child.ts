/**
 * Runs the cases of one target: `child.ts MODULE CASES SEED PROGRESS`. The file PROGRESS holds the number of the case under way, so
 * that the parent knows it even of a process that hangs or dies. The last line of its output is a `Summary` in JSON.
 */
import { openSync, writeSync } from 'node:fs';
import { casesOf } from './cases.ts';
import { judge } from './judge.ts';
import { loadTarget } from './targets.ts';

export interface Summary {
  readonly cases: number;
  /** Cases by how they ended: `read`, or the code of the refusal. */
  readonly codes: { readonly [code: string]: number };
  readonly slowestMs: number;
  /** How much the process grew beyond what it took before the first case. */
  readonly peakMiB: number;
  readonly finding?: string;
}

const maxMiB = 512;
const peakMiB = (): number => process.resourceUsage().maxRSS / 1024;

const main = async ([module = '', count, seed, progress = '']: readonly string[]): Promise<Summary> => {
  const target = await loadTarget(new URL(module));
  const file = openSync(progress, 'r+');
  const number = Buffer.alloc(8);
  const codes: Record<string, number> = {};
  const before = peakMiB();
  let cases = 0;
  let slowestMs = 0;
  let finding: string | undefined;
  for (const bytes of casesOf(target, Number(seed), Number(count))) {
    number.writeDoubleLE(cases);
    writeSync(file, number, 0, 8, 0);
    const start = performance.now();
    const outcome = await judge(target, bytes);
    slowestMs = Math.max(slowestMs, performance.now() - start);
    cases++;
    if ('code' in outcome) codes[outcome.code] = (codes[outcome.code] ?? 0) + 1;
    else finding = outcome.finding;
    if (peakMiB() - before > maxMiB) finding ??= `memory grew by over ${maxMiB} MiB`;
    if (finding !== undefined) break;
  }
  return { cases, codes, slowestMs, peakMiB: peakMiB() - before, ...(finding !== undefined && { finding }) };
};

process.stdout.write(`\n${JSON.stringify(await main(process.argv.slice(2)))}\n`);
