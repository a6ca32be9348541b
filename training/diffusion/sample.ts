import { CemiflowError } from '../../core/errors.ts';
import { normalStream, randomStream, seedPair } from '../../core/random.ts';
import type { StageContext } from '../../core/stage.ts';
import { type CompiledFunction, compileFunction } from '../../nn/compile/index.ts';
import type { PrecisionOption } from '../../nn/compile/precision.ts';
import type { Denoiser } from '../../nn/diffusion/denoiser.ts';
import { compileSampler } from '../../nn/diffusion/sampler.ts';
import { linearSchedule, type NoiseOptions } from '../../nn/diffusion/schedule.ts';
import { isNoisy, type SamplerKind, type SamplingStep, samplingSteps } from '../../nn/diffusion/steps.ts';
import { type Tensors, tf } from '../../nn/tf.ts';
import { firstNonFinite } from '../finite.ts';
import { Loaded } from '../loaded.ts';

/** Which images to sample, and under which conditions. */
export interface SampleJob {
  /** Identities `first` … `first + identities − 1` of the set. */
  readonly first: number;
  readonly identities: number;
  /** Images of each identity. */
  readonly images: number;
  /** The conditions of one image, by the names of `Denoiser.conditions`. */
  conditionsOf(identity: number, image: number): { readonly [name: string]: ArrayLike<number> };
  /** Images of one identity with equal numbers here start from the same noise. Default the image's own number. */
  noiseOf?(image: number): number;
}

/** How samples are made, with the noise that the generator was trained with. */
export interface SamplingOptions extends PrecisionOption, NoiseOptions {
  readonly steps: number;
  readonly sampler: SamplerKind;
  /** Images that are sampled together. */
  readonly batch: number;
}

/** A generator compiled for one way of sampling. */
export class Sampler {
  /** Height and width of the images. */
  readonly size: readonly [height: number, width: number];
  readonly #denoiser: Denoiser;
  readonly #options: SamplingOptions;
  readonly #steps: readonly SamplingStep[];
  readonly #step: CompiledFunction;
  readonly #decode?: CompiledFunction;

  /** @param weights of the denoiser, and of what else its `decode` reads; the caller keeps them */
  constructor(weights: Tensors, denoiser: Denoiser, options: SamplingOptions) {
    this.#denoiser = denoiser;
    this.#options = options;
    const { precision, timesteps, snrFactor, steps } = options;
    this.#steps = samplingSteps(linearSchedule(timesteps, snrFactor), steps);
    this.#step = compileSampler(weights, denoiser, options.sampler, options.batch, { precision });
    const example = tf.zeros([options.batch, ...denoiser.shape]) as tf.Tensor4D;
    const { decode } = denoiser;
    if (decode)
      this.#decode = compileFunction(
        (w, { x }) => ({ x: decode(w, x as tf.Tensor4D) }),
        weights,
        { x: example },
        { precision },
      );
    const images = this.#decode?.run({ x: example }).x ?? example;
    this.size = [images.shape[1] as number, images.shape[2] as number];
    tf.dispose([example, images]);
  }

  /**
   * Image k = identity · images + image always has slot k mod batch of its batch, and unused slots hold zeros: the kernels
   * see the same work, so that shards of any size get the same pixels.
   *
   * @returns uint8 RGB [identities · images, H, W, 3]
   * @throws CemiflowError `Diverged` where the generator gives pixels that are not finite
   */
  async sample(job: SampleJob, { seed, progress }: Pick<StageContext, 'seed' | 'progress'>): Promise<Uint8Array> {
    const { batch } = this.#options;
    const first = job.first * job.images;
    const end = first + job.identities * job.images;
    const size = this.size[0] * this.size[1] * 3;
    const pixels = new Uint8Array((end - first) * size);
    const firstBatch = Math.floor(first / batch);
    const batches = Math.ceil(end / batch) - firstBatch;
    for (let b = 0; b < batches; b++) {
      const start = (firstBatch + b) * batch;
      const report = (step: number): Promise<void> =>
        progress({ phase: 'sample', step: b * this.#steps.length + step, steps: batches * this.#steps.length });
      const values = await this.#sampleBatch(start, job, seed, report);
      for (let slot = Math.max(0, first - start); slot < batch && start + slot < end; slot++) {
        toPixels(values.subarray(slot * size, (slot + 1) * size), pixels, (start + slot - first) * size);
      }
    }
    return pixels;
  }

  /** @param start number of the image in slot 0 @param report called after each step, from 1 @returns float32 [B, H, W, 3] */
  async #sampleBatch(
    start: number,
    job: SampleJob,
    seed: number,
    report: (step: number) => Promise<void>,
  ): Promise<Float32Array> {
    const slots = slotsOf(start, job, this.#options.batch);
    const conditions = this.#conditions(slots, job);
    let x = this.#firstNoise(slots, job, seed);
    try {
      for (const [i, at] of this.#steps.entries()) {
        const levels = {
          time: tf.scalar(at.time),
          alphaBar: tf.scalar(at.alphaBar),
          nextAlphaBar: tf.scalar(at.nextAlphaBar),
          ...this.#noiseSeeds(slots, job, seed, i),
        };
        const next = this.#step.run({ x, ...conditions, ...levels }).x as tf.Tensor4D;
        tf.dispose([x, levels]);
        x = next;
        await report(i + 1);
      }
      return this.#imagesOf(x);
    } finally {
      tf.dispose([x, conditions]);
    }
  }

  #imagesOf(x: tf.Tensor4D): Float32Array {
    const images = this.#decode?.run({ x }).x;
    const values = (images ?? x).dataSync() as Float32Array;
    tf.dispose(images ?? []);
    return values;
  }

  #firstNoise(slots: readonly (Slot | undefined)[], job: SampleJob, seed: number): tf.Tensor4D {
    const [height, width, channels] = this.#denoiser.shape;
    const size = height * width * channels;
    const noise = new Float32Array(slots.length * size);
    for (const [at, slot] of slots.entries()) {
      if (!slot) continue;
      const normal = normalStream(randomStream(seed, 'generate', slot.identity, noiseNumber(slot, job)));
      for (let k = 0; k < size; k++) noise[at * size + k] = normal();
    }
    return tf.tensor4d(noise, [slots.length, height, width, channels]);
  }

  /** Seeds of the noise that a noisy sampler adds at a step; those of unused slots do not matter. */
  #noiseSeeds(slots: readonly (Slot | undefined)[], job: SampleJob, seed: number, step: number): Tensors {
    if (!isNoisy(this.#options.sampler)) return {};
    const seeds = slots.flatMap((slot) =>
      slot ? seedPair(seed, 'generate step', slot.identity, noiseNumber(slot, job), step) : [1, 1],
    );
    return { noiseSeeds: tf.tensor2d(seeds, [slots.length, 2], 'int32') };
  }

  #conditions(slots: readonly (Slot | undefined)[], job: SampleJob): Tensors {
    const given = slots.map((slot) => slot && job.conditionsOf(slot.identity, slot.image));
    return Object.fromEntries(
      Object.entries(this.#denoiser.conditions).map(([name, shape]) => {
        const size = shape.reduce((a, b) => a * b, 1);
        const values = new Float32Array(slots.length * size);
        for (const [at, of] of given.entries()) if (of) values.set(of[name] as ArrayLike<number>, at * size);
        return [name, tf.tensor(values, [slots.length, ...shape])];
      }),
    );
  }

  dispose(): void {
    this.#step.dispose();
    this.#decode?.dispose();
  }
}

/** What a slot of a batch is used for. */
interface Slot {
  readonly identity: number;
  readonly image: number;
}

/** The slots of the batch that begins with image `start`; empty where the image is not of this job. */
const slotsOf = (start: number, { first, identities, images }: SampleJob, batch: number): (Slot | undefined)[] =>
  Array.from({ length: batch }, (_, slot) => {
    const identity = Math.floor((start + slot) / images);
    return identity < first || identity >= first + identities
      ? undefined
      : { identity, image: (start + slot) % images };
  });

const noiseNumber = ({ image }: Slot, { noiseOf = (own) => own }: SampleJob): number => noiseOf(image);

/**
 * Levels 0 … 255 of values in [-1, 1], which are clipped.
 *
 * @throws CemiflowError `Diverged` where one is not finite
 */
export const toPixels = (from: Float32Array, to: Uint8Array, toAt: number): void => {
  if (firstNonFinite(from) !== -1) {
    throw new CemiflowError('Diverged', 'the generator gave pixels that are not finite', {
      remedy: 'train the generator again with a lower lr or a longer warm-up',
      data: { tensor: 'x' },
    });
  }
  for (let k = 0; k < from.length; k++) {
    to[toAt + k] = Math.max(0, Math.min(255, Math.round(((from[k] as number) + 1) * 127.5)));
  }
};

const samplers = new Loaded<Sampler>(1);

/**
 * Runs `body` with a sampler, which stays loaded for the next call: the shards of a set come one after another.
 * @param key names the sampler: all that `load` depends on
 */
export const withSampler = <R>(
  key: string,
  load: () => Promise<Sampler>,
  body: (sampler: Sampler) => Promise<R>,
): Promise<R> => samplers.use(key, load, body);
