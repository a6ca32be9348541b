import { availableParallelism } from 'node:os';
import { Child, ChildEnded } from '../../threads/child.ts';
import type { Question } from './child.ts';
import type { Asked, Examined, Examining, Unusable } from './examine.ts';

/** Longer than any image that is allowed takes to decode on a busy machine. */
const patienceMs = 60_000;

export interface ExaminerOptions {
  /** How long images of one call may take. */
  readonly patienceMs: number;
}

/**
 * Examines untrusted images in a child process: an image that crashes the decoder, or never comes to an end, is one that cannot be
 * used, and nothing else is lost. Close it when done.
 */
export class Examiner<W = unknown> {
  readonly #examining: Examining<W>;
  readonly #wanted: W;
  readonly #options: ExaminerOptions;
  #child: Child | undefined;

  /** @param wanted must survive structured cloning: each child process is told it once */
  constructor(examining: Examining<W>, wanted: W, options: Partial<ExaminerOptions> = {}) {
    this.#examining = examining;
    this.#wanted = wanted;
    this.#options = { patienceMs, ...options };
  }

  /** One answer for each image, in order. Many calls may be under way. */
  async examine(images: readonly Asked[]): Promise<readonly (Examined | Unusable)[]> {
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

  async #alone(image: Asked): Promise<Examined | Unusable> {
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
    const child = new Child(new URL('./child.ts', import.meta.url), {
      patienceMs: this.#options.patienceMs,
      data: this.#examining.url,
      env: { UV_THREADPOOL_SIZE: `${Math.max(4, availableParallelism())}` },
    });
    // Where the child ends before it hears, so does what is asked of it next.
    child.ask({ wanted: this.#wanted } satisfies Question).catch(() => {});
    return child;
  }

  #ask(child: Child, images: readonly Asked[]): Promise<(Examined | Unusable)[]> {
    return child.ask({ images } satisfies Question);
  }
}
