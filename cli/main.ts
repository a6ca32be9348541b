import { cpus } from 'node:os';
import { dispatch } from './dispatch.ts';
import { exitCodes } from './exit.ts';
import { homeOf, type Session } from './session.ts';

const argv = process.argv.slice(2);
const interrupted = new AbortController();
process.once('SIGINT', () => {
  interrupted.abort();
  // A second Ctrl-C must end a command that ignores the first.
  process.once('SIGINT', () => process.exit(exitCodes.interrupted));
});

const terminalOf = (stream: NodeJS.WriteStream): Session['terminal'] => ({
  write: (text) => void stream.write(text),
  size: () => ({ columns: stream.columns ?? 80, rows: stream.rows ?? 24 }),
});

const ask = async (question: string): Promise<string> => {
  const { createInterface } = await import('node:readline/promises');
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await lines.question(question, { signal: interrupted.signal });
  } finally {
    lines.close();
  }
};

// A reader that goes away (`cemiflow kinds | head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(exitCodes.ok);
  throw error;
});

/** Runs the command line of this process to its end. */
const main = async (): Promise<void> => {
  process.exitCode = await dispatch(argv, {
    env: process.env,
    cwd: process.cwd(),
    home: homeOf(process.env, process.cwd()),
    cores: cpus().length,
    verbose: argv.includes('--verbose'),
    json: argv.includes('--json'),
    print: (text) => void process.stdout.write(`${text}\n`),
    note: (text) => void process.stderr.write(`${text}\n`),
    terminal: process.stdout.isTTY ? terminalOf(process.stdout) : undefined,
    ask: process.stdin.isTTY && process.stderr.isTTY ? ask : undefined,
    interrupted: interrupted.signal,
  });
  // Connections of libraries may keep the process alive; what is written to a pipe must leave first.
  process.stdout.write('', () => process.stderr.write('', () => process.exit()));
};

// Not awaited at the top level: a bundle in one script has none.
void main();
