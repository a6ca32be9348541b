import type { Artifact } from '../artifacts/codec.ts';
import { readWeights, type WeightsMeta } from '../artifacts/codecs/weights.ts';
import { CemiflowError } from '../core/errors.ts';
import type { ArtifactStore } from '../core/stage.ts';
import type { Images } from '../data/images.ts';
import type { CopyRecipe } from '../data/loader/copies.ts';
import { type CompiledFunction, compileFunction } from '../nn/compile/index.ts';
import type { PrecisionOption } from '../nn/compile/precision.ts';
import { inceptionParameters } from '../nn/inception/layout.ts';
import { inceptionFeatures, inceptionImages } from '../nn/inception/network.ts';
import { inceptionSide, inceptionSize } from '../nn/inception/steps.ts';
import { type Tensors, tf } from '../nn/tf.ts';
import { fromSafetensors } from '../nn/weights.ts';
import { firstNonFinite } from './finite.ts';
import { type InputContext, readBatches } from './input.ts';
import { Loaded } from './loaded.ts';

/** Images of one call to the network, half a gigabyte of maps. Fixed, and the last batch padded, so that digests do not depend on the size of the set. */
const batchSize = 32;

/** The FID's network, compiled. It takes images of any size. */
export class InceptionEmbedder {
  readonly size = inceptionSize;
  readonly #run: CompiledFunction;

  /** @param weights `inceptionParameters` by name; the caller disposes them */
  constructor(weights: Tensors, { precision }: PrecisionOption) {
    const images = tf.zeros([batchSize, inceptionSide, inceptionSide, 3]);
    this.#run = compileFunction(
      (w, inputs) => ({ rows: inceptionFeatures(w, inputs.images as tf.Tensor4D) }),
      weights,
      { images },
      { precision },
    );
    images.dispose();
  }

  /**
   * @param options.rows which images, in this order
   * @returns float32 [N, 2048], as they are: not of unit length
   * @throws CemiflowError `Diverged` where a feature is not finite
   */
  async embed(
    set: Images,
    input: InputContext<CopyRecipe>,
    { rows, phase }: { readonly rows: Int32Array; readonly phase: string },
  ): Promise<Float32Array> {
    const features = new Float32Array(rows.length * this.size);
    const steps = Math.ceil(rows.length / batchSize);
    const planOf = (step: number) => {
      const taken = rows.slice(step * batchSize, (step + 1) * batchSize);
      return { recipe: { rows: taken, slots: batchSize } };
    };
    const batches = readBatches(input, set, planOf, { from: 0, to: steps });
    for (let step = 0; step < steps; step++) {
      const { images, plan } = await batches.next();
      const resized = tf.tidy(() => inceptionImages(tf.tensor4d(images, [batchSize, set.height, set.width, 3])));
      const output = this.#run.run({ images: resized });
      const found = (output.rows as tf.Tensor).dataSync().subarray(0, plan.recipe.rows.length * this.size);
      features.set(found, step * batchSize * this.size);
      tf.dispose([resized, output]);
      const bad = firstNonFinite(found);
      if (bad !== -1) throw notFinite(plan.recipe.rows[Math.floor(bad / this.size)] as number);
      await input.progress({ phase, step: step + 1, steps });
    }
    return features;
  }

  dispose(): void {
    this.#run.dispose();
  }
}

const embedders = new Loaded<InceptionEmbedder>(1);

/** Runs `body` with the FID's network, which stays loaded for the next one. @throws CemiflowError `WeightsMismatch` */
export const withInception = <R>(
  store: ArtifactStore,
  artifact: Artifact<WeightsMeta>,
  options: PrecisionOption,
  body: (embedder: InceptionEmbedder) => Promise<R>,
): Promise<R> => {
  const load = async (): Promise<InceptionEmbedder> => {
    const weights = fromSafetensors(await readWeights(store, artifact), inceptionParameters);
    try {
      return new InceptionEmbedder(weights, options);
    } finally {
      tf.dispose(weights);
    }
  };
  return embedders.use(`${artifact.ref.digest} ${options.precision}`, load, body);
};

const notFinite = (row: number): CemiflowError =>
  new CemiflowError('Diverged', `the Inception network gives a feature that is not finite for image ${row}`, {
    remedy: 'import the weights again from the published file, or use precision: float32',
    data: { tensor: 'features', image: row },
  });
