import { nounFor } from '../../core/words.ts';
import type { Images } from '../images.ts';
import type { Workers } from './workers.ts';

/** How long the consumer waited for its input. */
export class Stall {
  batches = 0;
  waitedMs = 0;

  /** `input: 2,500 batches, waited 0.4 s in all` */
  toString(): string {
    const { batches, waitedMs } = this;
    const number = `${batches}`.replace(/\B(?=(\d{3})+$)/g, ',');
    return `input: ${number} ${nounFor(batches, 'batch', 'batches')}, waited ${(waitedMs / 1000).toFixed(1)} s in all`;
  }
}

/** One batch. */
export interface Batch<P> {
  readonly step: number;
  /** What `planOf(step)` gave. */
  readonly plan: P;
  /** float32 [B, H, W, 3] in [-1, 1] */
  readonly images: Float32Array<ArrayBuffer>;
}

/**
 * Batches in order, made ahead of their use. Work begins with the constructor, and the next batches are made while the caller
 * computes.
 */
export class BatchReader<Recipe, P extends { readonly recipe: Recipe }> {
  readonly #workers: Workers<Recipe>;
  readonly #images: Images;
  readonly #planOf: (step: number) => P;
  readonly #end: number;
  readonly #stall: Stall;
  readonly #ahead: { readonly plan: P; readonly batch: Promise<Float32Array<ArrayBuffer>> }[] = [];
  readonly #depth: number;
  #step: number;

  /**
   * @param planOf what step `step` needs; called once a step, in order. The batch must be a function of `recipe` alone
   * @param options.from first step @param options.to step after the last
   * @param options.stall gets the time that `next` waited
   */
  constructor(
    workers: Workers<Recipe>,
    images: Images,
    planOf: (step: number) => P,
    { from, to, stall }: { from: number; to: number; stall: Stall },
  ) {
    this.#workers = workers;
    this.#images = images;
    this.#planOf = planOf;
    this.#end = to;
    this.#stall = stall;
    this.#step = from;
    // Without threads there is nothing to gain from making ahead. With them, keep two more than they work on: the caller blocks its thread.
    this.#depth = workers.threads === 0 ? 0 : workers.threads + 2;
    this.#fillUp(this.#depth);
  }

  /** @throws CemiflowError what went wrong in a thread, at the step that needs it */
  async next(): Promise<Batch<P>> {
    const startMs = performance.now();
    this.#fillUp(Math.max(1, this.#depth));
    const first = this.#ahead.shift();
    if (!first) throw new RangeError(`there is no batch after step ${this.#end - 1}`);
    const images = await first.batch;
    this.#stall.waitedMs += performance.now() - startMs;
    this.#stall.batches++;
    return { step: this.#step++, plan: first.plan, images };
  }

  #fillUp(depth: number): void {
    while (this.#ahead.length < depth && this.#step + this.#ahead.length < this.#end) {
      const plan = this.#planOf(this.#step + this.#ahead.length);
      const batch = this.#workers.fill(this.#images, plan.recipe);
      // The caller sees the rejection when it reaches this step; if it has stopped reading, no one awaits it.
      batch.catch(() => {});
      this.#ahead.push({ plan, batch });
    }
  }
}
