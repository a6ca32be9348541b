import { availableParallelism } from 'node:os';
import { Child, ChildEnded } from '../../threads/child.ts';
import type { Question } from './child.ts';
import { type Examined, examining, type Unusable, type Wanted } from './examine.ts';

/** Longer than any image that is allowed takes to decode on a busy machine. */
const patienceMs = 60_000;

export interface ExaminerOptions {
  /** How long images of one call may take. */
  readonly patienceMs: number;
  /** Address of the module whose `examining` the child runs. */
  readonly module: string;
}

/**
 * Examines untrusted images in a child process: an image that crashes the decoder, or never comes to an end, is one that cannot be
 * used, and nothing else is lost. Close it when done.
 */
export class Examiner {
  readonly #wanted: Wanted;
  readonly #options: ExaminerOptions;
  #child: Child | undefined;

  constructor(wanted: Wanted, options: Partial<ExaminerOptions> = {}) {
    this.#wanted = wanted;
    this.#options = { patienceMs, module: examining.url, ...options };
  }

  /** One answer for each image, in order. Many calls may be under way. */
  async examine(images: readonly Uint8Array[]): Promise<readonly (Examined | Unusable)[]> {
    if (this.#child === undefined || this.#child.hasEnded) this.#child = this.#start();
    try {
      return await this.#ask(this.#child, images);
    } catch (error) {
      if (!(error instanceof ChildEnded)) throw error;
    }
    // Which image it was is not known, nor whether it was one of these: each gets a process to itself.
    const answers: (Examined | Unusable)[] = [];
    for (const image of images) answers.push(await this.#alone(image));
    return answers;
  }

  close(): void {
    this.#child?.close();
  }

  async #alone(image: Uint8Array): Promise<Examined | Unusable> {
    const child = this.#start();
    try {
      return (await this.#ask(child, [image]))[0] as Examined | Unusable;
    } catch (error) {
      if (error instanceof ChildEnded) return { fault: `ends the decoder: ${error.how}` };
      throw error;
    } finally {
      child.close();
    }
  }

  #start(): Child {
    return new Child(new URL('./child.ts', import.meta.url), {
      patienceMs: this.#options.patienceMs,
      data: this.#options.module,
      env: { UV_THREADPOOL_SIZE: `${Math.max(4, availableParallelism())}` },
    });
  }

  #ask(child: Child, images: readonly Uint8Array[]): Promise<(Examined | Unusable)[]> {
    return child.ask({ images, wanted: this.#wanted } satisfies Question);
  }
}
