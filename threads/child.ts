import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { fromPlainError, type PlainError } from '../core/plain-error.ts';

/** How a child process ended: a signal such as `SIGSEGV`, an exit status, or `no answer`. */
export class ChildEnded extends Error {
  readonly how: string;

  constructor(how: string) {
    super(`the child process ended: ${how}`);
    this.how = how;
  }
}

/** How long a child may take to start. */
const startMs = 60_000;

/** What a child that handles untrusted files has no business knowing: addresses and keys of servers. */
const secret = /^(AWS|S3|MINIO|TEMPORAL)_|SECRET|TOKEN|PASSWORD|CREDENTIAL|(^|_)KEY/i;

/** An environment without the variables that let whoever reads them into a server. */
export const withoutSecrets = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !secret.test(name)));

export interface ChildOptions {
  /** How long an answer may take before the child is killed, from when it is ready. */
  readonly patienceMs: number;
  /** What the module finds as `process.argv[3]`. */
  readonly data: string;
  /** Beside this process's own environment. */
  readonly env?: { readonly [name: string]: string };
}

interface Pending {
  readonly resolve: (answer: never) => void;
  readonly reject: (error: Error) => void;
  timer: NodeJS.Timeout;
}

/** What a child sends: that it is ready, or one answer. */
interface Answer {
  readonly ready?: boolean;
  readonly id: number;
  readonly answer?: unknown;
  readonly error?: PlainError;
}

/**
 * One child process that answers questions, for work that may crash or hang: its end rejects what it was asked, and nothing else.
 * Its module calls `serveChild`.
 */
export class Child {
  readonly #process: ChildProcess;
  readonly #pending = new Map<number, Pending>();
  readonly #patienceMs: number;
  #next = 0;
  #isReady = false;
  #ended: ChildEnded | undefined;

  constructor(module: URL, { patienceMs, data, env }: ChildOptions) {
    this.#patienceMs = patienceMs;
    this.#process = fork(fileURLToPath(new URL('./start-child.mjs', import.meta.url)), [module.href, data], {
      ...{ serialization: 'advanced', execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] },
      env: { ...withoutSecrets(process.env), ...env },
    });
    this.#process.on('message', ({ ready, id, answer, error }: Answer) => {
      if (ready) return this.#begin();
      const pending = this.#pending.get(id);
      this.#pending.delete(id);
      clearTimeout(pending?.timer);
      if (error) pending?.reject(fromPlainError(error));
      else pending?.resolve(answer as never);
    });
    this.#process.on('error', (cause) => this.#end(cause.message));
    this.#process.on('exit', (status, signal) => this.#end(signal ?? `status ${status}`));
  }

  get hasEnded(): boolean {
    return this.#ended !== undefined;
  }

  /** @throws ChildEnded where the child ends before it answers */
  ask<A>(question: unknown): Promise<A> {
    if (this.#ended) return Promise.reject(this.#ended);
    const id = this.#next++;
    return new Promise<A>((resolve, reject) => {
      this.#pending.set(id, { resolve, reject, timer: this.#startTimer() });
      this.#process.send({ id, question }, (error) => error && this.#end(error.message));
    });
  }

  /** Ends the child; questions under way are rejected. */
  close(): void {
    this.#kill('closed');
  }

  /** Before it is ready a child may take longer: a busy machine needs seconds to start it. */
  #startTimer(): NodeJS.Timeout {
    return setTimeout(() => this.#kill('no answer'), this.#isReady ? this.#patienceMs : this.#patienceMs + startMs);
  }

  #begin(): void {
    this.#isReady = true;
    for (const pending of this.#pending.values()) {
      clearTimeout(pending.timer);
      pending.timer = this.#startTimer();
    }
  }

  #kill(how: string): void {
    this.#end(how);
    this.#process.kill('SIGKILL');
  }

  #end(how: string): void {
    this.#ended ??= new ChildEnded(how);
    for (const { reject, timer } of this.#pending.values()) {
      clearTimeout(timer);
      reject(this.#ended);
    }
    this.#pending.clear();
  }
}
