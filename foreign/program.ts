import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { CemiflowError } from '../core/errors.ts';
import { killStrays, markVariable } from './strays.mjs';

export interface ProgramOptions {
  /** The program and its arguments; no shell reads them. */
  readonly command: readonly string[];
  readonly cwd: string;
  /** All of it: nothing of the worker's own environment is added but the mark. */
  readonly env: { readonly [name: string]: string };
  /** Time that it has to end by itself after a SIGTERM. */
  readonly graceMs: number;
  /** After which it is stopped. */
  readonly timeoutMs?: number;
  /** What all its processes may have in memory, before they are killed. */
  readonly memoryBytes?: number;
  readonly signal: AbortSignal;
  /** What it prints, as it comes. */
  readonly onOutput: (stream: 'out' | 'err', bytes: Buffer) => void;
}

/** How a program ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Why it was stopped; absent where it ended by itself or somebody else ended it. */
  readonly stopped?: 'aborted' | 'timeout' | 'memory';
}

/** How long pipes may stay open after the program's end: something outside may hold them. */
const drainMs = 2000;

interface Told {
  readonly code?: number | string | null;
  readonly signal?: NodeJS.Signals | null;
  readonly failed?: string;
  readonly tooLarge?: boolean;
}

/**
 * Runs a program to its end, and ends everything that it started with it: also when it is stopped, when this process is killed, and
 * when it had moved into the background.
 *
 * @throws CemiflowError `ProgramNotFound`, `ProgramNotStarted`
 */
export const runProgram = async (options: ProgramOptions): Promise<Ended> => {
  const mark = randomUUID();
  const guard = fork(fileURLToPath(new URL('./guard.mjs', import.meta.url)), [], {
    ...{ execArgv: [], stdio: ['ignore', 'pipe', 'pipe', 'ipc'], cwd: '/', env: {} },
  });
  guard.stdout?.on('data', (bytes: Buffer) => options.onOutput('out', bytes));
  guard.stderr?.on('data', (bytes: Buffer) => options.onOutput('err', bytes));
  let stopped: Ended['stopped'];
  const stop = (why: NonNullable<Ended['stopped']>): void => {
    stopped ??= why;
    if (guard.connected) guard.send({ stop: { graceMs: options.graceMs } }, () => {});
  };
  const onAbort = (): void => stop('aborted');
  const timer = options.timeoutMs === undefined ? undefined : setTimeout(() => stop('timeout'), options.timeoutMs);
  try {
    const told = toldBy(guard);
    const { command, cwd, env, memoryBytes } = options;
    guard.send({ start: { command, cwd, env: { ...env, [markVariable]: mark }, mark, memoryBytes } }, () => {});
    if (options.signal.aborted) onAbort();
    else options.signal.addEventListener('abort', onAbort, { once: true });
    const { code, signal = null, failed, tooLarge } = await told;
    if (tooLarge) stopped = 'memory';
    if (failed !== undefined) throw notStarted(command[0] ?? '', failed, code);
    return { code: typeof code === 'number' ? code : null, signal, ...(stopped && { stopped }) };
  } finally {
    clearTimeout(timer);
    options.signal.removeEventListener('abort', onAbort);
    // Where somebody has killed the guard, its work is done here.
    killStrays(mark);
  }
};

/** What the guard says of the program's end, once both are gone and all that was printed has come. */
const toldBy = async (guard: ChildProcess): Promise<Told> => {
  let told: Told | undefined;
  guard.once('message', (message) => {
    told = message as Told;
  });
  const closed = new Promise<void>((resolve) => guard.once('close', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    guard.once('exit', () => resolve());
    guard.once('error', reject);
  });
  await Promise.race([closed, sleep(drainMs, undefined, { ref: false })]);
  guard.stdout?.destroy();
  guard.stderr?.destroy();
  return told ?? { code: null, signal: 'SIGKILL' };
};

const notStarted = (file: string, message: string, code: unknown): CemiflowError =>
  code === 'ENOENT'
    ? new CemiflowError('ProgramNotFound', `there is no program ${file}`, {
        remedy: 'install it on the machines of the workers, or name another in command',
        data: { file },
      })
    : new CemiflowError('ProgramNotStarted', `${file} cannot be started: ${message}`, {
        remedy: 'make it executable, and correct command',
        data: { file },
      });
