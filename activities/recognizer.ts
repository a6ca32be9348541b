import type { ArtifactRef } from '../core/artifact.ts';
import { canonicalJson } from '../core/canonical.ts';
import { CemiflowError, type JsonObject } from '../core/errors.ts';
import type { ArtifactStore, StageContext } from '../core/stage.ts';
import { copyInto, type Pixels } from '../data/augment.ts';
import { decodeSafetensors, encodeSafetensors, type SafeTensors } from '../data/formats/safetensors.ts';
import { type CompiledFunction, compileFunction } from '../nn/compile/index.ts';
import { embed } from '../nn/recognizer/backbone.ts';
import type { RecognizerConfig } from '../nn/recognizer/config.ts';
import { recognizerParameters } from '../nn/recognizer/layout.ts';
import { type Tensors, tf } from '../nn/tf.ts';
import { fromSafetensors } from '../nn/weights.ts';

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

/** A file of weights holds at most this much, so that it fits one blob. */
const fileBytes = 60 * 2 ** 20;

/** Stores a network's tensors: `model.safetensors`, or `model-00001-of-00003.safetensors` … where one blob is too small. */
export const putWeights = async (
  store: ArtifactStore,
  tensors: SafeTensors,
  meta: JsonObject,
): Promise<ArtifactRef> => {
  const groups: Record<string, SafeTensors[string]>[] = [{}];
  let bytes = 0;
  for (const [name, tensor] of Object.entries(tensors)) {
    if (bytes > 0 && bytes + tensor.data.byteLength > fileBytes) {
      groups.push({});
      bytes = 0;
    }
    (groups.at(-1) as Record<string, SafeTensors[string]>)[name] = tensor;
    bytes += tensor.data.byteLength;
  }
  const digits = (n: number): string => `${n}`.padStart(5, '0');
  const files = [];
  for (const [i, group] of groups.entries()) {
    const path = groups.length === 1 ? 'model' : `model-${digits(i + 1)}-of-${digits(groups.length)}`;
    files.push(await store.putFile(`${path}.safetensors`, encodeSafetensors(group), 'application/octet-stream'));
  }
  return store.putArtifact({ type: 'weights', meta, files });
};

/** Every tensor of a weights artifact, by name. */
export const getWeights = async (store: ArtifactStore, ref: ArtifactRef): Promise<SafeTensors> => {
  const { files } = await store.getArtifact(ref);
  const held = files.filter(({ path }) => path.endsWith('.safetensors'));
  const parts = await Promise.all(held.map(async ({ digest }) => decodeSafetensors(await store.getBlob(digest))));
  return Object.assign({}, ...parts);
};

/** @throws CemiflowError `NotARecognizer`, `WeightsMismatch` */
export const loadRecognizer = async (store: ArtifactStore, ref: ArtifactRef): Promise<LoadedRecognizer> => {
  const { meta } = await store.getArtifact(ref);
  const { family, ...config } = meta.network as JsonObject;
  if (family !== 'recognizer') {
    throw new CemiflowError('NotARecognizer', `weights of a recognizer are required, got those of a ${family}`, {
      remedy: 'reference the output of recognizer/train',
      data: { artifact: ref.digest },
    });
  }
  const stored = await getWeights(store, ref);
  const network = config as unknown as RecognizerConfig;
  return {
    config: network,
    weights: fromSafetensors(stored, recognizerParameters(network)),
    kernel: (stored['head.kernel']?.data ?? new Float32Array()) as Float32Array,
    classes: (meta.classes ?? 0) as number,
    data: (meta.data ?? '') as string,
  };
};

/** Which picture is embedded: the image, its mirror image, or both added before normalisation (verification's). */
export type View = 'plain' | 'mirrored' | 'both';

/** Images of one call to the network. Fixed, and the last batch padded, so that digests do not depend on set sizes. */
const embedBatch = 128;

/** A recognizer compiled for one view of images. */
export class Embedder {
  readonly size: number;
  private readonly config: RecognizerConfig;
  private readonly run: CompiledFunction;

  constructor({ config, weights }: Pick<LoadedRecognizer, 'config' | 'weights'>, view: View = 'plain') {
    this.config = config;
    this.size = config.embedding;
    const side = config.imageSize;
    const images = tf.zeros([embedBatch, side, side, 3]);
    this.run = compileFunction(
      (w, inputs) => ({ rows: unitRows(w, inputs.images as tf.Tensor4D, config, view) }),
      weights,
      { images },
    );
    images.dispose();
  }

  /** @returns float32 [N, D], unit rows */
  async embed(set: Pixels & { readonly count: number }, context: StageContext, phase = 'embed'): Promise<Float32Array> {
    const { imageSize } = this.config;
    if (set.height !== imageSize || set.width !== imageSize) throw sizeMismatch(imageSize, set);
    const pixelCount = imageSize * imageSize * 3;
    const rows = new Float32Array(set.count * this.size);
    const steps = Math.ceil(set.count / embedBatch);
    for (let step = 0; step < steps; step++) {
      const first = step * embedBatch;
      const taken = Math.min(embedBatch, set.count - first);
      const images = new Float32Array(embedBatch * pixelCount);
      for (let i = 0; i < taken; i++) copyInto(images, i * pixelCount, set, first + i);
      const input = tf.tensor4d(images, [embedBatch, imageSize, imageSize, 3]);
      const output = this.run.run({ images: input });
      rows.set((output.rows as tf.Tensor).dataSync().subarray(0, taken * this.size), first * this.size);
      tf.dispose([input, output]);
      await context.progress({ phase, step: step + 1, steps });
    }
    return rows;
  }

  dispose(): void {
    this.run.dispose();
  }
}

const unitRows = (weights: Tensors, images: tf.Tensor4D, config: RecognizerConfig, view: View): tf.Tensor => {
  const plain = view === 'mirrored' ? undefined : embed(weights, images, config);
  const mirrored = view === 'plain' ? undefined : embed(weights, tf.reverse(images, 2), config);
  const rows = (plain && mirrored ? tf.add(plain, mirrored) : (plain ?? mirrored)) as tf.Tensor;
  return tf.mul(rows, tf.rsqrt(tf.add(tf.sum(tf.square(rows), 1, true), 1e-12)));
};

/** Embeds a whole set once. @returns float32 [N, D], unit rows */
export const embedImages = async (
  recognizer: Pick<LoadedRecognizer, 'config' | 'weights'>,
  set: Pixels & { readonly count: number },
  context: StageContext,
  options: { phase?: string; mirrored?: boolean } = {},
): Promise<Float32Array> => {
  const embedder = new Embedder(recognizer, options.mirrored ? 'mirrored' : 'plain');
  try {
    return await embedder.embed(set, context, options.phase);
  } finally {
    embedder.dispose();
  }
};

const sizeMismatch = (expected: number, { height, width }: Pixels): CemiflowError =>
  new CemiflowError('SizeMismatch', `the recognizer takes ${expected} × ${expected} images, got ${height} × ${width}`, {
    remedy: 'make the images in the size that the recognizer was trained on',
    data: { expected, height, width },
  });

/** Stores `metrics.json` as an artifact of its own. */
export const putMetrics = async (
  store: ArtifactStore,
  metrics: JsonObject & { kind: string },
): Promise<ArtifactRef> => {
  const file = await store.putFile('metrics.json', Buffer.from(canonicalJson(metrics)), 'application/json');
  return store.putArtifact({ type: 'metrics', meta: { kind: metrics.kind }, files: [file] });
};
