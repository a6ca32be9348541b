import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { CemiflowError } from '../../core/errors.ts';
import { plural } from '../../core/words.ts';
import { MutableCheckout } from './checkout.ts';
import type { Mutant } from './mutant.ts';
import { mutants } from './mutants.ts';
import { runTests } from './run-tests.ts';

const usage = 'npm run mutate -- [--only NAME]… [--jobs N] [--list]';

const options = {
  only: { type: 'string', multiple: true },
  jobs: { type: 'string', default: String(availableParallelism()) },
  list: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** @param names of mutants, or their beginnings, such as `planner/` @throws CemiflowError `Usage` */
const choose = (names: readonly string[]): readonly Mutant[] => {
  const unknown = names.find((name) => !mutants.some((mutant) => mutant.name.startsWith(name)));
  if (unknown !== undefined)
    throw new CemiflowError('Usage', `no mutant is called ${unknown}`, {
      remedy: `list them: npm run mutate -- --list`,
    });
  return mutants.filter(({ name }) => names.length === 0 || names.some((wanted) => name.startsWith(wanted)));
};

/** The tests must pass without a fault: else their failure would show nothing. */
const checkTests = async (checkout: MutableCheckout, chosen: readonly Mutant[]): Promise<void> => {
  const files = [...new Set(chosen.flatMap(({ tests }) => tests))];
  const { passed, failure, seconds } = await runTests(checkout.folder, files);
  if (!passed)
    throw new CemiflowError('TestsFail', `the tests fail without any mutant: ${failure}`, {
      remedy: `correct them first: npx vitest run ${files.join(' ')}`,
    });
  print(`without a mutant, the tests pass: ${plural(files.length, 'file')} in ${seconds.toFixed(0)} s`);
};

/** @returns the mutants that no test noticed */
const tryAll = async (checkouts: readonly MutableCheckout[], chosen: readonly Mutant[]): Promise<readonly Mutant[]> => {
  const survivors: Mutant[] = [];
  const waiting = [...chosen];
  const work = async (checkout: MutableCheckout): Promise<void> => {
    for (let mutant = waiting.shift(); mutant; mutant = waiting.shift()) {
      const { tests, name, breaks } = mutant;
      const { passed, failure, seconds } = await checkout.with(mutant, () => runTests(checkout.folder, tests));
      if (passed) survivors.push(mutant);
      const shown = passed ? `${breaks}: ${tests.join(' ')} passed` : failure;
      print(`${passed ? 'SURVIVED' : 'killed  '} ${name} (${seconds.toFixed(0)} s): ${shown}`);
    }
  };
  await Promise.all(checkouts.map(work));
  return survivors;
};

/** @throws CemiflowError `Usage` */
const jobsOf = (given: string): number => {
  const jobs = Number(given);
  if (Number.isInteger(jobs) && jobs >= 1 && jobs <= 64) return jobs;
  throw new CemiflowError('Usage', `--jobs must be a number of mutants to try at once, 1 to 64, got ${given}`, {
    remedy: usage,
  });
};

const main = async (): Promise<number> => {
  const { values } = parseArgs({ options });
  if (values.help) {
    print(usage);
    return 0;
  }
  const chosen = choose(values.only ?? []);
  if (values.list) {
    for (const { name, file, breaks } of chosen) print(`${name.padEnd(38)} ${file}: ${breaks}`);
    return 0;
  }
  const checkouts = Array.from({ length: jobsOf(values.jobs) }, () => new MutableCheckout());
  const remove = (): void => {
    for (const checkout of checkouts) checkout.remove();
  };
  const stop = (): void => {
    remove();
    process.exit(130);
  };
  process.once('SIGINT', stop).once('SIGTERM', stop);
  try {
    await checkTests(checkouts[0] as MutableCheckout, chosen);
    const survivors = await tryAll(checkouts, chosen);
    print(`${chosen.length - survivors.length} of ${chosen.length} mutants killed`);
    return survivors.length > 0 ? 1 : 0;
  } finally {
    remove();
  }
};

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error) => {
    const { message, remedy } = error as CemiflowError;
    process.stderr.write(`${error instanceof CemiflowError ? `${message}; ${remedy}` : (error as Error).stack}\n`);
    process.exitCode = 1;
  },
);
