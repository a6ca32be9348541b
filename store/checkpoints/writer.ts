import { Worker } from 'node:worker_threads';
import { CemiflowError } from '../../core/errors.ts';
import { fromPlainError } from '../../core/plain-error.ts';
import type { S3Config } from '../s3.ts';
import type { CheckpointWriter, SaveJob, StoredCheckpoint } from './index.ts';
import type { Answer } from './messages.ts';

interface Pending {
  readonly resolve: (stored?: StoredCheckpoint) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Writes in a thread of its own: a step holds the main thread for seconds, in which an upload would stand still. The thread
 * starts with the first checkpoint, and does not keep the process alive.
 */
export class ThreadWriter implements CheckpointWriter {
  readonly #config: S3Config;
  readonly #pending = new Map<number, Pending>();
  #thread: Worker | undefined;
  #next = 0;

  constructor(config: S3Config) {
    this.#config = config;
  }

  /** The arrays' memory goes over to the thread. */
  save(job: SaveJob): Promise<StoredCheckpoint | undefined> {
    const thread = this.#started();
    const id = this.#next++;
    const buffers = new Set(Object.values(job.checkpoint.arrays).map(({ data }) => data.buffer as ArrayBuffer));
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      thread.postMessage({ id, job }, [...buffers]);
    });
  }

  async close(): Promise<void> {
    await this.#thread?.terminate();
  }

  #started(): Worker {
    if (this.#thread) return this.#thread;
    const url = new URL('./thread.mjs', import.meta.url);
    const thread = new Worker(url, { name: 'checkpoints', workerData: this.#config, execArgv: [] });
    thread.unref();
    thread.on('message', ({ id, stored, error }: Answer) => {
      const pending = this.#pending.get(id);
      this.#pending.delete(id);
      if (error) pending?.reject(fromPlainError(error));
      else pending?.resolve(stored);
    });
    const lose = (cause?: unknown): void => {
      if (this.#thread === thread) this.#thread = undefined;
      for (const { reject } of this.#pending.values()) reject(threadLost(cause));
      this.#pending.clear();
    };
    thread.on('error', lose);
    thread.on('exit', () => lose());
    this.#thread = thread;
    return thread;
  }
}

const threadLost = (cause?: unknown): CemiflowError =>
  new CemiflowError('CheckpointThreadLost', 'the thread that writes checkpoints ended', {
    remedy: 'see whether memory ran out; the next checkpoint is tried again',
    retryable: true,
    cause,
  });
