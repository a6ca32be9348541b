import { CemiflowError } from '../../core/errors.ts';
import { Thread } from '../../threads/thread.ts';
import type { S3Config } from '../s3-config.ts';
import type { CheckpointWriter, SaveJob, StoredCheckpoint } from './index.ts';

/**
 * Writes in a separate thread: a step holds the main thread for seconds, in which an upload would stand still. The thread
 * starts with the first checkpoint, and does not keep the process alive.
 */
export class ThreadWriter implements CheckpointWriter {
  readonly #config: S3Config;
  #thread: Thread | undefined;

  constructor(config: S3Config) {
    this.#config = config;
  }

  /** The arrays' memory goes over to the thread. */
  save(job: SaveJob): Promise<StoredCheckpoint | undefined> {
    const buffers = new Set(Object.values(job.checkpoint.arrays).map(({ data }) => data.buffer as ArrayBuffer));
    return this.#started().ask(job, [...buffers]);
  }

  async close(): Promise<void> {
    await this.#thread?.close();
  }

  /** After a thread was lost, the next checkpoint gets a new one. */
  #started(): Thread {
    if (this.#thread && !this.#thread.isLost) return this.#thread;
    const options = { name: 'checkpoints', data: this.#config, lost: threadLost };
    this.#thread = new Thread(new URL('./thread.ts', import.meta.url), options).unref();
    return this.#thread;
  }
}

const threadLost = (cause?: unknown): CemiflowError =>
  new CemiflowError('CheckpointThreadLost', 'the thread that writes checkpoints ended', {
    remedy: 'see whether memory ran out; the next checkpoint is tried again',
    retryable: true,
    cause,
  });
