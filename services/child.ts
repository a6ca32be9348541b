import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { attempt, openLog } from './files.ts';
import type { ChildState, ChildStatus } from './types.ts';

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: { readonly [name: string]: string };
  readonly cwd: string;
}

export interface ChildOptions {
  readonly name: string;
  readonly kind: ChildStatus['kind'];
  readonly command: Command;
  readonly log: string;
  readonly pids: string;
  readonly port?: number;
  readonly build?: string;
  readonly mostFailures?: number;
  readonly onChange: () => void;
  readonly say: (line: string) => void;
}

const firstBackoffMs = 500;
const longestBackoffMs = 30_000;
/** A child that lived this long starts its count of failures again. */
const steadyMs = 60_000;
const defaultMostFailures = 8;

/** How long to wait before the n-th restart in a row (1, 2, …). */
export const backoffMs = (failures: number): number => Math.min(firstBackoffMs * 2 ** (failures - 1), longestBackoffMs);

/** One supervised process: started again when it dies, until it has died too often in a row. */
export class Child {
  readonly options: ChildOptions;
  #process: ChildProcess | undefined;
  #state: ChildState = 'stopped';
  #since = new Date();
  #restarts = 0;
  #failures = 0;
  #lastExit: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #ended: Promise<void> = Promise.resolve();

  constructor(options: ChildOptions) {
    this.options = options;
  }

  get status(): ChildStatus {
    const { name, kind, port, build, log } = this.options;
    return {
      ...{ name, kind, state: this.#state, pid: this.#process?.pid, port, build },
      ...{ restarts: this.#restarts, since: this.#since.toISOString(), log: basename(log), lastExit: this.#lastExit },
    };
  }

  /** Starts it; also takes one that gave up back into service. */
  start(): void {
    if (this.#state !== 'stopped' && this.#state !== 'failed') return;
    this.#failures = 0;
    this.#launch();
  }

  /** SIGTERM, and SIGKILL after the grace; resolves when the process is gone. */
  async stop(graceMs: number): Promise<void> {
    clearTimeout(this.#timer);
    if (this.#process === undefined) {
      if (this.#state !== 'failed') this.#change('stopped');
      return;
    }
    this.#change('stopping');
    this.#process.kill('SIGTERM');
    const force = setTimeout(() => {
      this.options.say(`${this.options.name} did not stop within ${graceMs / 1000} s, killing it`);
      this.#process?.kill('SIGKILL');
    }, graceMs);
    await this.#ended;
    clearTimeout(force);
  }

  #launch(): void {
    const { name, pids, say } = this.options;
    const child = this.#spawn();
    if (child === undefined) {
      this.#afterEnd(0);
      return;
    }
    this.#process = child;
    const startedAt = Date.now();
    const pidFile = join(pids, name);
    if (child.pid !== undefined) attempt(`write ${pidFile}`, () => writeFileSync(pidFile, String(child.pid)), say);
    this.#change('running');
    say(`${name} started, pid ${child.pid}`);
    this.#ended = new Promise((resolve) => {
      const end = (how: string): void => {
        if (this.#process !== child) return;
        this.#process = undefined;
        attempt(`remove ${pidFile}`, () => rmSync(pidFile, { force: true }), say);
        this.#lastExit = how;
        say(`${name} ended: ${how}`);
        this.#afterEnd(Date.now() - startedAt);
        resolve();
      };
      child.once('error', (error) => end(error.message));
      child.once('exit', (code, signal) => end(signal ? `signal ${signal}` : `exit code ${code}`));
    });
  }

  /** Undefined where it could not be started at all: the log cannot be opened, or there are too many open files. */
  #spawn(): ChildProcess | undefined {
    const { command, log, name, say } = this.options;
    let output: number | undefined;
    try {
      output = openLog(log);
      return spawn(command.file, [...command.args], {
        ...{ cwd: command.cwd, env: { ...command.env }, stdio: ['ignore', output, output] },
        // A separate process group: Ctrl-C in a terminal reaches only the supervisor, which stops children in order.
        detached: true,
      });
    } catch (error) {
      this.#lastExit = (error as Error).message;
      say(`${name} could not be started: ${this.#lastExit}`);
      return undefined;
    } finally {
      if (output !== undefined) closeSync(output);
    }
  }

  #afterEnd(livedMs: number): void {
    if (this.#state === 'stopping') {
      this.#change('stopped');
      return;
    }
    this.#failures = livedMs >= steadyMs ? 1 : this.#failures + 1;
    if (this.#failures > (this.options.mostFailures ?? defaultMostFailures)) {
      this.options.say(
        `${this.options.name} ended ${this.#failures} times in a row, giving up: see ${this.options.log}`,
      );
      this.#change('failed');
      return;
    }
    this.#change('backoff');
    this.#timer = setTimeout(() => {
      this.#restarts++;
      this.#launch();
    }, backoffMs(this.#failures));
  }

  #change(state: ChildState): void {
    this.#state = state;
    this.#since = new Date();
    this.options.onChange();
  }
}
