import { recognizerOf } from '../artifacts/codecs/recognizer.ts';
import { readWeights, weightsCodec } from '../artifacts/codecs/weights.ts';
import type { ArtifactRef } from '../core/artifact.ts';
import { CemiflowError } from '../core/errors.ts';
import type { ArtifactStore } from '../core/stage.ts';
import type { Images } from '../data/images.ts';
import type { CopyRecipe } from '../data/loader/copies.ts';
import { type CompiledFunction, compileFunction } from '../nn/compile/index.ts';
import type { PrecisionOption } from '../nn/compile/precision.ts';
import { imageSides, type RecognizerConfig, type Size } from '../nn/recognizer/config.ts';
import { recognizerParameters } from '../nn/recognizer/layout.ts';
import { embedView, type View } from '../nn/recognizer/view.ts';
import { type Tensors, tf } from '../nn/tf.ts';
import { fromSafetensors } from '../nn/weights.ts';
import { firstNonFinite } from './finite.ts';
import { type InputContext, readBatches } from './input.ts';
import { Loaded } from './loaded.ts';

/** A recognizer's weights artifact, loaded. The caller disposes `weights`. */
export interface LoadedRecognizer {
  readonly config: RecognizerConfig;
  /** Parameters and running statistics of the backbone, for `embed`. */
  readonly weights: Tensors;
  /** float32 [D, classes], the classifier's columns */
  readonly kernel: Float32Array;
  readonly classes: number;
  /** Digest of the dataset that it was trained on. */
  readonly data: string;
}

/** @throws CemiflowError `ArtifactInvalid` if the weights are of another network or damaged, `WeightsMismatch` */
export const loadRecognizer = async (store: ArtifactStore, ref: ArtifactRef): Promise<LoadedRecognizer> => {
  const artifact = await weightsCodec.read(store, ref);
  const { config, classes, data = '' } = recognizerOf(artifact);
  const stored = await readWeights(store, artifact);
  return {
    config,
    weights: fromSafetensors(stored, recognizerParameters(config)),
    kernel: (stored['head.kernel']?.data ?? new Float32Array()) as Float32Array,
    classes,
    data,
  };
};

/** @throws CemiflowError `SizeMismatch` where a recognizer takes images of another size */
export const requireImageSize = (
  { config }: Pick<LoadedRecognizer, 'config'>,
  images: Pick<Images, 'height' | 'width'>,
): void => requireSides(imageSides(config), images);

const requireSides = ([height, width]: Size, images: Pick<Images, 'height' | 'width'>): void => {
  if (images.height === height && images.width === width) return;
  throw new CemiflowError(
    'SizeMismatch',
    `the recognizer takes ${height} × ${width} images, the dataset holds ${images.height} × ${images.width}`,
    {
      remedy: 'make the dataset in the size that the recognizer was trained on',
      data: { expected: { height, width }, height: images.height, width: images.width },
    },
  );
};

/** Images of one call to the network. Fixed, and the last batch padded, so that digests do not depend on the size of the set. */
const embedBatch = 128;

export interface EmbedOptions {
  readonly phase?: string;
  readonly rows?: Int32Array;
  readonly into?: Float32Array;
}

/** How a recognizer embeds. */
export interface EmbedderOptions extends PrecisionOption {
  readonly view: View;
}

/** A recognizer compiled for one view of images. */
export class Embedder {
  readonly size: number;
  /** The order of colours that the network is given; images are RGB until then. */
  readonly channels: 'rgb' | 'bgr';
  readonly #config: RecognizerConfig;
  readonly #run: CompiledFunction;

  constructor({ config, weights }: Pick<LoadedRecognizer, 'config' | 'weights'>, { view, precision }: EmbedderOptions) {
    this.#config = config;
    this.size = config.embedding;
    this.channels = config.channels;
    const images = tf.zeros([embedBatch, ...imageSides(config), 3]);
    this.#run = compileFunction(
      (w, inputs) => ({ rows: embedView(w, inputs.images as tf.Tensor4D, config, view) }),
      weights,
      { images },
      { precision },
    );
    images.dispose();
  }

  /**
   * @param options.rows which images, in this order; default all
   * @param options.into where the embeddings go; default new memory
   * @returns float32 [N, D], unit rows, unless the view is `added`
   * @throws CemiflowError `Diverged` where an embedding is not finite, `SizeMismatch`
   */
  async embed(
    set: Images,
    input: InputContext<CopyRecipe>,
    { phase = 'embed', rows = everyRow(set), into = new Float32Array(rows.length * this.size) }: EmbedOptions = {},
  ): Promise<Float32Array> {
    requireSides(imageSides(this.#config), set);
    const steps = Math.ceil(rows.length / embedBatch);
    const planOf = (step: number) => {
      const taken = rows.slice(step * embedBatch, (step + 1) * embedBatch);
      return { recipe: { rows: taken, slots: embedBatch } };
    };
    const batches = readBatches(input, set, planOf, { from: 0, to: steps });
    for (let step = 0; step < steps; step++) {
      const { images, plan } = await batches.next();
      const batch = tf.tensor4d(images, [embedBatch, set.height, set.width, 3]);
      const output = this.#run.run({ images: batch });
      const found = (output.rows as tf.Tensor).dataSync().subarray(0, plan.recipe.rows.length * this.size);
      into.set(found, step * embedBatch * this.size);
      tf.dispose([batch, output]);
      const bad = firstNonFinite(found);
      if (bad !== -1) throw notFinite(plan.recipe.rows[Math.floor(bad / this.size)] as number);
      await input.progress({ phase, step: step + 1, steps });
    }
    return into;
  }

  dispose(): void {
    this.#run.dispose();
  }
}

const everyRow = ({ count }: Images): Int32Array => Int32Array.from({ length: count }, (_, row) => row);

const embedders = new Loaded<Embedder>(3);

/**
 * Runs `body` with a recognizer's embedder, which stays loaded for the next one.
 * @param digest of the recognizer's weights artifact
 */
export const withEmbedder = <R>(
  store: ArtifactStore,
  { digest }: Pick<ArtifactRef, 'digest'>,
  options: EmbedderOptions,
  body: (embedder: Embedder) => Promise<R>,
): Promise<R> => {
  const load = async (): Promise<Embedder> => {
    const { config, weights } = await loadRecognizer(store, { type: 'weights', digest });
    try {
      return new Embedder({ config, weights }, options);
    } finally {
      tf.dispose(weights);
    }
  };
  return embedders.use(`${digest} ${options.view} ${options.precision}`, load, body);
};

const notFinite = (row: number): CemiflowError =>
  new CemiflowError('Diverged', `the recognizer gives an embedding that is not finite for image ${row}`, {
    remedy: 'train the recognizer again with a lower lr or a longer warm-up',
    data: { tensor: 'embeddings', image: row },
  });
