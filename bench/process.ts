import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { CemiflowError, type JsonObject } from '../core/errors.ts';
import type { Side } from './benchmark.ts';

export interface ProcessOptions {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: { readonly [name: string]: string | undefined };
}

/** What a program answers to one line: how long it took, and what else it wants to say. */
export type Answer = JsonObject & { seconds: number };

const keptOutputBytes = 8192;
const endTimeoutMs = 5000;

/**
 * A program that stays warm between repetitions. The protocol is lines of JSON: when it is ready it prints one object
 * with its facts; for every line on its standard input it does the work once and prints `{"seconds": …}`; at the end of
 * its input it ends. What it prints that is no JSON object, and its standard error, only show where it fails.
 */
export class LongProcess {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  readonly #command: string;
  #output = '';
  #facts: JsonObject = {};

  /** Resolves when the program is ready. @throws CemiflowError `BenchmarkFailed` when it ends before */
  static async start(options: ProcessOptions): Promise<LongProcess> {
    const started = new LongProcess(options);
    started.#facts = await started.#answer();
    return started;
  }

  private constructor({ file, args, cwd, env }: ProcessOptions) {
    this.#command = [file.split('/').at(-1), ...args].join(' ').slice(0, 120);
    this.#child = spawn(file, args, { cwd, env, stdio: 'pipe' });
    this.#child.on('error', (error) => this.#keep(error.message));
    // A program that has ended does not read: its answer, or the lack of one, tells.
    this.#child.stdin.on('error', () => {});
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => this.#keep(text));
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
    process.once('exit', this.#kill);
  }

  /** What the program said when it was ready. */
  get facts(): JsonObject {
    return this.#facts;
  }

  /** One repetition. @throws CemiflowError `BenchmarkFailed` when the program ends or answers without seconds */
  async repeat(request: JsonObject = {}): Promise<Answer> {
    this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    const answer = await this.#answer();
    if (typeof answer.seconds === 'number') return answer as Answer;
    throw this.#failed(`answered ${JSON.stringify(answer)}, without seconds`);
  }

  /** Peak resident memory in bytes, of this process alone; undefined where the system does not tell. */
  peakMemory(): number | undefined {
    return peakMemoryOf(this.#child.pid);
  }

  /** Ends the input, and the process where it does not end by itself. */
  async close(): Promise<void> {
    process.off('exit', this.#kill);
    const child = this.#child;
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.stdin.end();
    const timer = setTimeout(this.#kill, endTimeoutMs);
    await ended;
    clearTimeout(timer);
  }

  readonly #kill = (): void => void this.#child.kill('SIGKILL');

  #keep(text: string): void {
    this.#output = `${this.#output}${text}`.slice(-keptOutputBytes);
  }

  async #answer(): Promise<JsonObject> {
    while (true) {
      const { value, done } = await this.#lines.next();
      if (done) throw this.#failed('ended');
      const answer = parseObject(value);
      if (answer !== undefined) return answer;
      this.#keep(`${value}\n`);
    }
  }

  #failed(how: string): CemiflowError {
    return new CemiflowError('BenchmarkFailed', `${this.#command} ${how}\n${this.#output}`.trimEnd(), {
      remedy: 'run it by hand to see why',
      data: { command: this.#command },
    });
  }
}

const parseObject = (line: string): JsonObject | undefined => {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
};

/** One of our own TypeScript programs, beside this file. */
export const ownProgram = (file: string, args: readonly string[] = []): ProcessOptions => ({
  file: process.execPath,
  args: ['--import', 'tsx', join(import.meta.dirname, file), ...args],
  cwd: join(import.meta.dirname, '..'),
});

/** VmHWM of a live process in bytes (Linux); undefined elsewhere. */
export const peakMemoryOf = (pid: number | undefined): number | undefined => {
  try {
    const [, kib] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return kib === undefined ? undefined : Number(kib) * 1024;
  } catch {
    return undefined;
  }
};

/**
 * A side that is a long-lived program.
 *
 * @param options may take time to make, as a Python environment does
 * @param request what the program is sent for each repetition
 */
export const processSide = (
  name: string,
  options: () => Promise<ProcessOptions> | ProcessOptions,
  request: JsonObject = {},
): Side => {
  let running: LongProcess | undefined;
  return {
    name,
    prepare: async () => {
      running = await LongProcess.start(await options());
    },
    run: async () => (await (running as LongProcess).repeat(request)).seconds,
    close: async () => running?.close(),
    peakMemory: async () => running?.peakMemory(),
    facts: () => running?.facts ?? {},
  };
};
