import type { ArtifactRef } from '../../../core/artifact.ts';
import { normalStream, randomStream } from '../../../core/random.ts';
import type { ArtifactStore, StageContext } from '../../../core/stage.ts';
import { type CompiledFunction, compileFunction } from '../../../nn/compile/index.ts';
import type { PrecisionOption } from '../../../nn/compile/precision.ts';
import { type Tensors, tf } from '../../../nn/tf.ts';
import { toPixels } from '../../../training/diffusion/sample.ts';
import { Loaded } from '../../../training/loaded.ts';
import { identitySize } from '../people.ts';
import type { Portrait } from '../set.ts';
import type { VaeConfig } from '../vae/config.ts';
import { decode } from '../vae/forward.ts';
import { loadDecoder } from '../vae/weights.ts';

/** How images are decoded. */
export interface PaintingParams extends PrecisionOption {
  /** Deviation of z. */
  readonly truncation: number;
  /** Images that are decoded together. */
  readonly batch: number;
}

/** A generator's decoder, compiled for batches of one size. */
export class Painter {
  /** Height and width of the images. */
  readonly size: number;
  readonly #latent: number;
  readonly #params: PaintingParams;
  readonly #decode: CompiledFunction;

  /** @param weights `decoderParameters` by name; the caller keeps them */
  constructor(weights: Tensors, config: VaeConfig, params: PaintingParams) {
    this.size = config.imageSize;
    this.#latent = config.latent;
    this.#params = params;
    const example = {
      latent: tf.zeros([params.batch, config.latent]),
      identity: tf.zeros([params.batch, identitySize]),
    };
    this.#decode = compileFunction(
      (w, { latent, identity }) => ({ x: decode(w, latent as tf.Tensor2D, identity as tf.Tensor2D, config) }),
      weights,
      example,
      { precision: params.precision },
    );
    tf.dispose(example);
  }

  /**
   * Image k of the set always has slot k mod batch of its batch, and unused slots hold zeros: the kernels see the same work, so that
   * shards of any size get the same pixels.
   *
   * @param portraits in the order of the set, without gaps @param first number of the first one in the set
   * @returns uint8 RGB [portraits, S, S, 3]
   * @throws CemiflowError `Diverged` where the generator gives pixels that are not finite
   */
  async paint(
    portraits: readonly Portrait[],
    first: number,
    { seed, progress }: Pick<StageContext, 'seed' | 'progress'>,
  ): Promise<Uint8Array> {
    const { batch } = this.#params;
    const values = this.size ** 2 * 3;
    const pixels = new Uint8Array(portraits.length * values);
    const begin = first - (first % batch);
    const steps = Math.ceil((first + portraits.length - begin) / batch);
    for (let step = 0; step < steps; step++) {
      const start = begin + step * batch - first;
      const made = this.#paintBatch(
        Array.from({ length: batch }, (_, slot) => portraits[start + slot]),
        seed,
      );
      for (let slot = Math.max(0, -start); slot < batch && start + slot < portraits.length; slot++)
        toPixels(made.subarray(slot * values, (slot + 1) * values), pixels, (start + slot) * values);
      await progress({ phase: 'paint faces', step: step + 1, steps });
    }
    return pixels;
  }

  /** @param slots undefined where one is not used @returns float32 [batch, S, S, 3] */
  #paintBatch(slots: readonly (Portrait | undefined)[], seed: number): Float32Array {
    const latents = new Float32Array(slots.length * this.#latent);
    const identities = new Float32Array(slots.length * identitySize);
    for (const [slot, portrait] of slots.entries()) {
      if (!portrait) continue;
      const normal = normalStream(randomStream(seed, 'synface latent', portrait.identity, portrait.image));
      for (let k = 0; k < this.#latent; k++) latents[slot * this.#latent + k] = this.#params.truncation * normal();
      identities.set(portrait.person.factors, slot * identitySize);
    }
    const inputs = {
      latent: tf.tensor2d(latents, [slots.length, this.#latent]),
      identity: tf.tensor2d(identities, [slots.length, identitySize]),
    };
    const { x } = this.#decode.run(inputs) as { x: tf.Tensor };
    const made = x.dataSync() as Float32Array;
    tf.dispose([inputs, x]);
    return made;
  }

  dispose(): void {
    this.#decode.dispose();
  }
}

const painters = new Loaded<Painter>(1);

/** Runs `body` with a generator's painter, which stays loaded for the next shard. */
export const withPainter = <R>(
  store: ArtifactStore,
  generator: ArtifactRef,
  { truncation, batch, precision }: PaintingParams,
  body: (painter: Painter) => Promise<R>,
): Promise<R> => {
  const load = async (): Promise<Painter> => {
    const { config, weights } = await loadDecoder(store, generator);
    try {
      return new Painter(weights, config, { truncation, batch, precision });
    } finally {
      tf.dispose(weights);
    }
  };
  return painters.use(`${generator.digest} ${truncation} ${batch} ${precision}`, load, body);
};
