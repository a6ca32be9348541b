import { CemiflowError } from '../core/errors.ts';
import { permutation } from '../core/random.ts';
import { plural } from '../core/words.ts';

/** The epoch of a step, and the images it takes. */
export interface PlannedBatch {
  /** From 0. */
  readonly epoch: number;
  /** int32 [B], rows of the dataset. */
  readonly rows: Int32Array;
}

/**
 * Cuts epochs into batches. Each epoch has its own order, a function of (seed, tag, epoch) alone, so that a resumed
 * training sees the batches of one that was left alone. The last, incomplete batch of an epoch is left out.
 */
export class StepPlanner {
  readonly stepsPerEpoch: number;
  readonly steps: number;
  readonly #batch: number;
  readonly #order: (epoch: number) => Int32Array;
  #current: { readonly epoch: number; readonly order: Int32Array } = { epoch: -1, order: new Int32Array() };

  /**
   * @param images of the dataset @param tag names the draw of the order
   * @throws CemiflowError `TooFewImages` where they do not fill a batch
   */
  constructor(options: { images: number; batch: number; epochs: number; seed: number; tag: string }) {
    const { images, batch, epochs, seed, tag } = options;
    if (images < batch) {
      throw new CemiflowError('TooFewImages', `a batch needs ${plural(batch, 'image')}, the dataset holds ${images}`, {
        remedy: 'lower batch, or give more images',
        data: { batch, images },
      });
    }
    this.#batch = batch;
    this.#order = (epoch) => permutation(images, seed, tag, epoch);
    this.stepsPerEpoch = Math.floor(images / batch);
    this.steps = this.stepsPerEpoch * epochs;
  }

  /** @param step from 0 */
  at(step: number): PlannedBatch {
    const epoch = Math.floor(step / this.stepsPerEpoch);
    if (epoch !== this.#current.epoch) this.#current = { epoch, order: this.#order(epoch) };
    const first = (step % this.stepsPerEpoch) * this.#batch;
    return { epoch, rows: this.#current.order.slice(first, first + this.#batch) };
  }
}
