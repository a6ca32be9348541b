import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { CemiflowError } from '../../core/errors.ts';
import { fromPlainError } from '../../core/plain-error.ts';
import type { Images } from '../images.ts';
import { type DecodeJob, decodeAll } from './decode.ts';
import type { Maker } from './maker.ts';
import type { Answer, Order } from './messages.ts';

/** Threads that decode images and make batches. The results do not depend on the number of threads. */
export interface Workers<Recipe> {
  /** 0: the calling thread does the work. */
  readonly threads: number;
  /** Starts immediately; many calls may run at a time. */
  decode(job: DecodeJob): Promise<void>;
  /** @returns float32 [B, H, W, 3] in [-1, 1], the caller's own */
  fill(images: Images, recipe: Recipe): Promise<Float32Array<ArrayBuffer>>;
  /** Ends the threads; unfinished work is rejected. */
  close(): Promise<void>;
}

/** No threads: for small sets and for tests. */
export const inProcess = <Recipe>(maker: Maker<Recipe>): Workers<Recipe> => ({
  threads: 0,
  decode: decodeAll,
  fill: (images, recipe) => maker.fill(images, recipe),
  close: async () => {},
});

/**
 * Half of the cores, at most 8: TensorFlow's own threads need theirs, and one thread augments about 2,000 images of
 * 112 px a second.
 */
export const defaultThreads = (cores = availableParallelism()): number =>
  Math.max(1, Math.min(8, Math.floor(cores / 2)));

/** Starts input threads. The caller closes them, also after an error. */
export const startThreads = <Recipe>(maker: Maker<Recipe>, count = defaultThreads()): Workers<Recipe> =>
  new Threads(maker, count);

interface Pending {
  readonly resolve: (batch?: Float32Array<ArrayBuffer>) => void;
  readonly reject: (error: Error) => void;
}

class Threads<Recipe> implements Workers<Recipe> {
  readonly #threads: Thread[];
  readonly #shared = new WeakMap<Images, number>();
  #sharedCount = 0;

  constructor(maker: Maker<Recipe>, count: number) {
    this.#threads = Array.from({ length: count }, () => new Thread(maker.url));
  }

  get threads(): number {
    return this.#threads.length;
  }

  async decode(decode: DecodeJob): Promise<void> {
    await this.#next().ask({ decode });
  }

  async fill(images: Images, recipe: Recipe): Promise<Float32Array<ArrayBuffer>> {
    const batch = await this.#next().ask({ images: this.#share(images), recipe });
    return batch as Float32Array<ArrayBuffer>;
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }

  /** The thread with the fewest orders. */
  #next(): Thread {
    return this.#threads.reduce((least, thread) => (thread.waiting < least.waiting ? thread : least));
  }

  #share(set: Images): number {
    const known = this.#shared.get(set);
    if (known !== undefined) return known;
    const share = this.#sharedCount++;
    const { count, height, width, chunks } = set;
    for (const thread of this.#threads) thread.tell({ share, images: { count, height, width, chunks } });
    this.#shared.set(set, share);
    return share;
  }
}

/** What an order is about; the thread gives it its number. */
type Question<O = Order> = O extends { id: number } ? Omit<O, 'id'> : never;

class Thread {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  #next = 0;
  #lost: Error | undefined;

  /** @param maker address of the maker's module */
  constructor(maker: string) {
    const url = new URL('./thread.mjs', import.meta.url);
    this.#worker = new Worker(url, { name: 'input', workerData: maker, execArgv: [] });
    this.#worker.on('message', ({ id, batch, error }: Answer) => {
      const pending = this.#pending.get(id);
      this.#pending.delete(id);
      if (error) pending?.reject(fromPlainError(error));
      else pending?.resolve(batch);
    });
    this.#worker.on('error', (cause) => this.#lose(threadLost(cause)));
    this.#worker.on('exit', () => this.#lose(threadLost()));
  }

  get waiting(): number {
    return this.#pending.size;
  }

  tell(order: Order): void {
    this.#worker.postMessage(order);
  }

  ask(question: Question): Promise<Float32Array<ArrayBuffer> | undefined> {
    if (this.#lost) return Promise.reject(this.#lost);
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.tell({ id, ...question } as Order);
    });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #lose(error: Error): void {
    this.#lost ??= error;
    for (const { reject } of this.#pending.values()) reject(this.#lost);
    this.#pending.clear();
  }
}

const threadLost = (cause?: unknown): CemiflowError =>
  new CemiflowError('InputThreadLost', `an input thread ended${cause instanceof Error ? `: ${cause.message}` : ''}`, {
    remedy: 'see whether memory ran out; the stage can be tried again',
    retryable: true,
    cause,
  });
