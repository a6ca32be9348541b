import { availableParallelism } from 'node:os';
import { Child, ChildEnded } from '../../threads/child.ts';
import type { Question } from './child.ts';
import type { Asked, Examined, Examining, Unusable } from './examine.ts';

/** Longer than any image that is allowed takes to decode on a busy machine. */
const patienceMs = 60_000;

/**
 * Examines untrusted images in a child process: an image that crashes the decoder, or never comes to an end, is one that cannot be
 * used, and nothing else is lost. Close it when done.
 */
export class Examiner<W = unknown> {
  readonly #examining: Examining<W>;
  readonly #wanted: W;
  readonly #patienceMs: number;
  #child: Child | undefined;

  /** @param wanted must survive structured cloning: it goes with every question */
  constructor(examining: Examining<W>, wanted: W, { patience = patienceMs }: { patience?: number } = {}) {
    this.#examining = examining;
    this.#wanted = wanted;
    this.#patienceMs = patience;
  }

  /** One answer for each image, in order. Many calls may be under way. */
  async examine(images: readonly Asked[]): Promise<readonly (Examined | Unusable)[]> {
    try {
      return await this.#ask(images);
    } catch (error) {
      if (!(error instanceof ChildEnded)) throw error;
      return this.#oneByOne(images, error);
    }
  }

  close(): void {
    this.#child?.close();
  }

  /** After a crash: finds the image at fault. */
  async #oneByOne(images: readonly Asked[], ended: ChildEnded): Promise<(Examined | Unusable)[]> {
    if (images.length === 1) return [{ fault: `ends the decoder: ${ended.how}` }];
    const answers: (Examined | Unusable)[] = [];
    for (const image of images) {
      const alone = new Examiner(this.#examining, this.#wanted, { patience: this.#patienceMs });
      answers.push(...(await alone.examine([image])));
      alone.close();
    }
    return answers;
  }

  #ask(images: readonly Asked[]): Promise<(Examined | Unusable)[]> {
    if (this.#child === undefined || this.#child.hasEnded)
      this.#child = new Child(new URL('./child.ts', import.meta.url), {
        patienceMs: this.#patienceMs,
        data: this.#examining.url,
        env: { UV_THREADPOOL_SIZE: `${Math.max(4, availableParallelism())}` },
      });
    return this.#child.ask({ images, wanted: this.#wanted } satisfies Question);
  }
}
