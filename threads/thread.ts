import { type Transferable, Worker } from 'node:worker_threads';
import type { CemiflowError } from '../core/errors.ts';
import { fromPlainError, type PlainError } from '../core/plain-error.ts';

/** To a thread. */
export interface Order {
  readonly id: number;
  readonly question: unknown;
}

/** From a thread, one for each order. */
export interface Answer {
  readonly id: number;
  readonly answer?: unknown;
  readonly error?: PlainError;
}

export interface ThreadOptions {
  /** For debuggers and process lists. */
  readonly name: string;
  /** What the thread's module gets as `threadData()`. */
  readonly data: unknown;
  /** The error for whoever waits when the thread ends. */
  readonly lost: (cause?: unknown) => CemiflowError;
}

interface Pending {
  readonly resolve: (answer: never) => void;
  readonly reject: (error: Error) => void;
}

/** One worker thread that answers questions: its module calls `serve`. Many may be under way. */
export class Thread {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  #next = 0;
  #lost: Error | undefined;

  constructor(module: URL, { name, data, lost }: ThreadOptions) {
    const start = new URL('./start.mjs', import.meta.url);
    this.#worker = new Worker(start, { name, workerData: { module: module.href, data }, execArgv: [] });
    this.#worker.on('message', ({ id, answer, error }: Answer) => {
      const pending = this.#pending.get(id);
      this.#pending.delete(id);
      if (error) pending?.reject(fromPlainError(error));
      else pending?.resolve(answer as never);
    });
    this.#worker.on('error', (cause) => this.#lose(lost(cause)));
    this.#worker.on('exit', () => this.#lose(lost()));
  }

  /** Questions that have no answer yet. */
  get waiting(): number {
    return this.#pending.size;
  }

  get isLost(): boolean {
    return this.#lost !== undefined;
  }

  /** @param transfer memory that goes over to the thread instead of being copied */
  ask<A>(question: unknown, transfer: readonly Transferable[] = []): Promise<A> {
    if (this.#lost) return Promise.reject(this.#lost);
    const id = this.#next++;
    return new Promise<A>((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#worker.postMessage({ id, question } satisfies Order, transfer);
    });
  }

  /** Lets the process end while the thread runs. */
  unref(): this {
    this.#worker.unref();
    return this;
  }

  /** Ends the thread; questions under way are rejected. */
  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #lose(error: Error): void {
    this.#lost ??= error;
    for (const { reject } of this.#pending.values()) reject(this.#lost);
    this.#pending.clear();
  }
}
