import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { benchMachine } from '../../bench/machine.ts';
import { note, runProgram } from '../../bench/program.ts';
import { CemiflowError } from '../../core/errors.ts';
import { versions } from '../../setup/layout.mjs';
import { faults } from './faults/index.ts';
import { type Series, Session } from './session.ts';
import { allHeld, markdown } from './table.ts';

const usage = 'npm run faults -- [NAME…] [--trials N] [--seed N] [--spec FILE.yaml] [--out FILE.json] [--list]';

const options = {
  trials: { type: 'string' },
  seed: { type: 'string' },
  spec: { type: 'string' },
  out: { type: 'string' },
  list: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

const usageError = (message: string): CemiflowError => new CemiflowError('Usage', message, { remedy: usage });

const count = (name: string, text: string | undefined): number | undefined => {
  if (text === undefined || /^[1-9]\d*$/.test(text)) return text === undefined ? undefined : Number(text);
  throw usageError(`--${name} must be an integer of at least 1, got ${text}`);
};

const choose = (names: readonly string[]) => {
  const unknown = names.find((name) => !faults.some((fault) => fault.name === name));
  if (unknown !== undefined)
    throw usageError(`there is no fault ${unknown}; there are ${faults.map(({ name }) => name).join(', ')}`);
  return faults.filter(({ name }) => names.length === 0 || names.includes(name));
};

/** Series that the file holds: a session goes on where the last one into the same file ended. */
const readSeries = (out: string | undefined): Map<string, Series> => {
  if (out === undefined || !existsSync(out)) return new Map();
  const { faults: found } = JSON.parse(readFileSync(out, 'utf8')) as { faults: Series[] };
  return new Map(found.map((series) => [series.name, series]));
};

const main = async (): Promise<number> => {
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  if (values.help) {
    process.stdout.write(`${usage}\n`);
    return 0;
  }
  const chosen = choose(positionals);
  if (values.list) {
    for (const { name, trials, harm } of chosen)
      process.stdout.write(`${name.padEnd(12)}${`${trials}`.padStart(4)}  ${harm}\n`);
    return 0;
  }
  const { out, spec } = values;
  const measured = readSeries(out);
  const write = (session: Session): void => {
    if (out === undefined) return;
    const { temporal, minio } = versions;
    const about = { date: new Date().toISOString(), machine: benchMachine(), temporal, minio };
    const series = faults.flatMap(({ name }) => measured.get(name) ?? []);
    writeFileSync(out, `${JSON.stringify({ ...about, undisturbed: session.undisturbed, faults: series }, null, 2)}\n`);
  };
  const session: Session = new Session({ spec, note, seed: count('seed', values.seed) });
  const stop = (): void => void session.close().finally(() => process.exit(130));
  process.once('SIGINT', stop).once('SIGTERM', stop);
  const wanted = count('trials', values.trials);
  try {
    for (const fault of chosen) {
      const before = measured.get(fault.name)?.trials ?? [];
      const left = Math.max(0, (wanted ?? fault.trials) - before.length);
      const indices = Array.from({ length: left }, (_, i) => before.length + i);
      await session.run(fault, indices, (series) => {
        measured.set(fault.name, { ...series, trials: [...before, ...series.trials] });
        write(session);
      });
    }
  } finally {
    await session.close();
  }
  const done = chosen.flatMap(({ name }) => measured.get(name) ?? []);
  process.stdout.write(`${markdown(done)}\n`);
  return allHeld(done) ? 0 : 1;
};

await runProgram(main);
