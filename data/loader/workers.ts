import { availableParallelism } from 'node:os';
import { CemiflowError } from '../../core/errors.ts';
import { Thread } from '../../threads/thread.ts';
import type { Images } from '../images.ts';
import { type DecodeJob, decodeAll } from './decode.ts';
import type { Maker } from './maker.ts';
import type { InputOrder } from './thread.ts';

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

class Threads<Recipe> implements Workers<Recipe> {
  readonly #threads: Thread[];
  readonly #shared = new WeakMap<Images, number>();
  #sharedCount = 0;

  constructor(maker: Maker<Recipe>, count: number) {
    this.#threads = Array.from({ length: count }, () => startThread(maker.url));
  }

  get threads(): number {
    return this.#threads.length;
  }

  async decode(decode: DecodeJob): Promise<void> {
    await ask(this.#next(), { decode });
  }

  async fill(images: Images, recipe: Recipe): Promise<Float32Array<ArrayBuffer>> {
    return ask(this.#next(), { images: this.#share(images), recipe });
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
    // A batch asked of a lost thread fails and says so.
    for (const thread of this.#threads)
      ask(thread, { share, images: { count, height, width, chunks } }).catch(() => {});
    this.#shared.set(set, share);
    return share;
  }
}

/** @param maker address of the maker's module */
const startThread = (maker: string): Thread =>
  new Thread(new URL('./thread.ts', import.meta.url), { name: 'input', data: maker, lost: threadLost });

const ask = <A>(thread: Thread, order: InputOrder): Promise<A> => thread.ask(order);

const threadLost = (cause?: unknown): CemiflowError =>
  new CemiflowError('InputThreadLost', `an input thread ended${cause instanceof Error ? `: ${cause.message}` : ''}`, {
    remedy: 'see whether memory ran out; the stage can be tried again',
    retryable: true,
    cause,
  });
