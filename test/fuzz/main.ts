import { parseArgs } from 'node:util';
import { CemiflowError } from '../../core/errors.ts';
import { type FuzzResult, runTarget } from './harness/run-target.ts';
import { moduleOf, targetNames } from './harness/targets.ts';

const usage = 'npm run fuzz -- [--only NAME]… [--cases N] [--seed N]';

const options = {
  only: { type: 'string', multiple: true },
  cases: { type: 'string', default: '100000' },
  seed: { type: 'string', default: '1' },
  help: { type: 'boolean', short: 'h' },
} as const;

const print = (line: string): void => void process.stdout.write(`${line}\n`);

const wholeNumber = (name: string, text: string): number => {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new CemiflowError('Usage', `--${name} must be a whole number, got ${text}`, { remedy: usage });
};

const choose = (names: readonly string[]): readonly string[] => {
  const unknown = names.find((name) => !targetNames.includes(name));
  if (unknown === undefined) return names.length === 0 ? targetNames : names;
  throw new CemiflowError('Usage', `no parser is called ${unknown}`, {
    remedy: `give one of ${targetNames.join(', ')}`,
  });
};

const show = ({ name, cases, codes, slowestMs, peakMiB, finding, saved }: FuzzResult): string => {
  const ends = Object.entries(codes).map(([code, count]) => `${code} ${count}`);
  const line = `${name.padEnd(12)} ${cases} cases: ${ends.join(', ')}; slowest ${slowestMs.toFixed(0)} ms, ${peakMiB.toFixed(0)} MiB`;
  return finding === undefined ? line : `${line}\n  FINDING in ${saved}: ${finding}`;
};

const main = async (): Promise<void> => {
  const { values } = parseArgs({ options });
  if (values.help) return print(usage);
  const run = { cases: wholeNumber('cases', values.cases), seed: wholeNumber('seed', values.seed) };
  for (const name of choose(values.only ?? [])) {
    const result = await runTarget(moduleOf(name), run);
    print(show(result));
    if (result.finding !== undefined) process.exitCode = 1;
  }
};

await main().catch((error: unknown) => {
  const known = error instanceof CemiflowError;
  process.stderr.write(`${known ? `${error.message}; ${error.remedy}` : (error as Error).stack}\n`);
  process.exitCode = 1;
});
