import { DatasetWriter, joinShards } from '../../artifacts/dataset.ts';
import type { Outputs } from '../../core/action.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import type { Digest } from '../../core/digest.ts';
import { CemiflowError, type JsonObject } from '../../core/errors.ts';
import { normalStream, randomStream } from '../../core/random.ts';
import { shardRanges } from '../../core/shards.ts';
import type { ArtifactStore, ShardedStageKind, StageContext } from '../../core/stage.ts';
import { pixelsOf } from '../../data/images.ts';
import { type InquirySet, loadInquiries, saveInquiries, sliceInquiries } from '../../data/inquiries.ts';
import { type CopyRecipe, maker as copies } from '../../data/loader/copies.ts';
import type { CompiledFunction } from '../../nn/compile/index.ts';
import { ddimSteps } from '../../nn/diffusion/ddim.ts';
import { compileSampler } from '../../nn/diffusion/sampler.ts';
import { linearSchedule } from '../../nn/diffusion/schedule.ts';
import { type Tensors, tf } from '../../nn/tf.ts';
import type { UNetConfig } from '../../nn/unet/config.ts';
import { unetParameters } from '../../nn/unet/layout.ts';
import { fromSafetensors } from '../../nn/weights.ts';
import { type InputContext, loading, withInput } from '../../training/input.ts';
import { Loaded } from '../../training/loaded.ts';
import { getWeights, withEmbedder } from '../../training/recognizer.ts';

/** `schemas/stages/diffusion-generate.schema.json` */
interface Params {
  readonly generator: ArtifactRef;
  readonly inquiries: ArtifactRef;
  readonly m: number | readonly number[];
  readonly identities: number;
  readonly images: number;
  readonly oversample: number;
  readonly steps: number;
  readonly batch: number;
  readonly shardIdentities: number;
}

/** One shard: what it needs and nothing else, so that a set that grows keeps the shards that it had. */
type Part = JsonObject & {
  readonly generator: ArtifactRef & JsonObject;
  /** The inquiries of this shard alone. */
  readonly inquiries: ArtifactRef & JsonObject;
  readonly firstIdentity: number;
  readonly m: number | number[];
  readonly images: number;
  readonly oversample: number;
  readonly steps: number;
  readonly batch: number;
};

const split = async (params: Params, input: InputContext<CopyRecipe>): Promise<Part[]> => {
  const { store } = input;
  const all = await conditioned(await loadInquiries(store, params.inquiries, loading(input)), params.generator, input);
  const count = params.identities || all.count;
  if (count > all.count) {
    throw new CemiflowError('TooFewInquiries', `${count} identities were asked for, there are ${all.count} inquiries`, {
      remedy: 'lower identities, or select more inquiries',
      data: { asked: count, found: all.count },
    });
  }
  const { maxSimilarity } = (await store.getArtifact(params.inquiries)).meta as { maxSimilarity: number };
  const grid = typeof params.m !== 'number';
  const parts: Part[] = [];
  for (const { from, count: size } of shardRanges(count, params.shardIdentities)) {
    const slice = sliceInquiries(all, from, from + size);
    parts.push({
      generator: { ...params.generator },
      inquiries: { ...(await saveInquiries(store, slice, { maxSimilarity })) },
      firstIdentity: from,
      m: typeof params.m === 'number' ? params.m : [...params.m],
      images: grid ? (params.m as number[]).length : params.images,
      oversample: grid ? 0 : params.oversample,
      steps: params.steps,
      batch: params.batch,
    });
  }
  return parts;
};

/**
 * The inquiries with C_id = E_id(image) by the very recognizer that the generator was trained with: the one that selected
 * them may be another (the paper selects by a stronger one).
 */
const conditioned = async (
  inquiries: InquirySet,
  generator: ArtifactRef,
  input: InputContext<CopyRecipe>,
): Promise<InquirySet> => {
  const { recognizer: digest } = await describeGenerator(input.store, generator);
  return withEmbedder(input.store, { digest }, 'plain', async (embedder) => {
    const { pictures, rows } = inquiries;
    const embeddings = await embedder.embed(pictures, input, { rows, phase: 'embed inquiries' });
    return { ...inquiries, embeddings, embeddingSize: embedder.size };
  });
};

const runPart = async (part: Part, context: StageContext): Promise<Outputs> => {
  const { store } = context;
  const inquiries = await loadInquiries(store, part.inquiries);
  const { height, width } = inquiries.pictures;
  const size = height * width * 3;
  const load = () => loadSampler(store, part.generator, part.batch);
  const generated = await samplers.use(`${part.generator.digest} ${part.batch}`, load, (sampler) =>
    sample(part, inquiries, sampler, context),
  );
  const writer = new DatasetWriter(store, { height, width });
  for (let row = 0; row < inquiries.count; row++) {
    const identity = part.firstIdentity + row;
    for (let image = 0; image < part.images; image++) {
      const at = (row * part.images + image) * size;
      await writer.add({ identity, image, pixels: generated.subarray(at, at + size) });
    }
    // The oversampled inquiry follows the generated images: its image numbers start at `generatedImages`.
    const pixels = await pixelsOf(inquiries.pictures, inquiries.rows[row] as number);
    for (let copy = 0; copy < part.oversample; copy++) {
      await writer.add({ identity, image: part.images + copy, pixels });
    }
  }
  return { data: await writer.finish({ origin: 'generated', ...describe(part) }) };
};

const describe = ({ m, images, oversample }: Pick<Part, 'm' | 'images' | 'oversample'>): JsonObject => ({
  generatedImages: images,
  oversample,
  ...(typeof m === 'number' ? { m } : { grid: { m: [...m] } }),
});

/**
 * All images of the shard. Image k = identity · images + image always stands in slot k mod batch of its batch, and
 * unused slots hold zeros, so that shards of any size make the same pixels.
 *
 * @returns uint8 RGB [identities · images, H, W, 3]
 */
const sample = async (
  part: Part,
  inquiries: InquirySet,
  sampler: Sampler,
  context: StageContext,
): Promise<Uint8Array> => {
  const { batch, images } = part;
  const first = part.firstIdentity * images;
  const end = first + inquiries.count * images;
  const firstBatch = Math.floor(first / batch);
  const batches = Math.ceil(end / batch) - firstBatch;
  const size = inquiries.pictures.height * inquiries.pictures.width * 3;
  const pixels = new Uint8Array(inquiries.count * images * size);
  const times = ddimSteps(linearSchedule(sampler.timesteps), part.steps);
  for (let b = 0; b < batches; b++) {
    const start = (firstBatch + b) * batch;
    const slots = slotsOf(start, part, inquiries, context.seed);
    let x = slots.noise;
    let values: ArrayLike<number>;
    try {
      for (const [i, at] of times.entries()) {
        const inputs: Tensors = {
          x,
          identity: slots.identity,
          m: slots.m,
          time: tf.scalar(at.time),
          alphaBar: tf.scalar(at.alphaBar),
          nextAlphaBar: tf.scalar(at.nextAlphaBar),
        };
        const next = sampler.step.run(inputs).x as tf.Tensor4D;
        tf.dispose([inputs.time, inputs.alphaBar, inputs.nextAlphaBar, x] as tf.Tensor[]);
        x = next;
        await context.progress({ phase: 'sample', step: b * times.length + i + 1, steps: batches * times.length });
      }
      values = x.dataSync();
    } finally {
      tf.dispose([x, slots.identity, slots.m]);
    }
    for (let slot = Math.max(0, first - start); slot < batch && start + slot < end; slot++) {
      toPixels(values, slot * size, pixels, (start + slot - first) * size, size);
    }
  }
  return pixels;
};

/** Noise and condition of each slot; empty ones hold zeros. */
const slotsOf = (start: number, part: Part, inquiries: InquirySet, seed: number) => {
  const { batch, images } = part;
  const { embeddingSize, embeddings, count } = inquiries;
  const { height, width } = inquiries.pictures;
  const size = height * width * 3;
  const noise = new Float32Array(batch * size);
  const identity = new Float32Array(batch * embeddingSize);
  const m = new Float32Array(batch);
  for (let slot = 0; slot < batch; slot++) {
    const subject = Math.floor((start + slot) / images);
    const image = (start + slot) % images;
    const row = subject - part.firstIdentity;
    if (row < 0 || row >= count) continue;
    // All images of a grid's row start from the same noise, so that only m varies.
    const normal = normalStream(randomStream(seed, 'generate', subject, typeof part.m === 'number' ? image : 0));
    for (let k = 0; k < size; k++) noise[slot * size + k] = normal();
    identity.set(embeddings.subarray(row * embeddingSize, (row + 1) * embeddingSize), slot * embeddingSize);
    m[slot] = typeof part.m === 'number' ? part.m : (part.m[image] as number);
  }
  return {
    noise: tf.tensor4d(noise, [batch, height, width, 3]),
    identity: tf.tensor2d(identity, [batch, embeddingSize]),
    m: tf.tensor1d(m),
  };
};

const toPixels = (from: ArrayLike<number>, fromAt: number, to: Uint8Array, toAt: number, size: number): void => {
  for (let k = 0; k < size; k++) {
    to[toAt + k] = Math.max(0, Math.min(255, Math.round(((from[fromAt + k] as number) + 1) * 127.5)));
  }
};

interface Sampler {
  readonly step: CompiledFunction;
  readonly timesteps: number;
  dispose(): void;
}

/** The last sampler stays loaded: the shards of a set, and the sets of other m, come one after another. */
const samplers = new Loaded<Sampler>(1);

const loadSampler = async (store: ArtifactStore, generator: ArtifactRef, batch: number): Promise<Sampler> => {
  const { network, timesteps } = await describeGenerator(store, generator);
  const weights = fromSafetensors(await getWeights(store, generator), unetParameters(network));
  try {
    const step = compileSampler(weights, network, batch);
    return { step, timesteps, dispose: () => step.dispose() };
  } finally {
    tf.dispose(weights);
  }
};

interface GeneratorMeta {
  readonly network: UNetConfig;
  readonly timesteps: number;
  /** Digest of E_id's weights. */
  readonly recognizer: Digest;
}

/** @throws CemiflowError `NotAGenerator` where the weights are of another network */
const describeGenerator = async (store: ArtifactStore, generator: ArtifactRef): Promise<GeneratorMeta> => {
  const { meta } = await store.getArtifact(generator);
  const { family } = (meta.network ?? {}) as { family?: string };
  if (family === 'unet') return meta as unknown as GeneratorMeta;
  throw new CemiflowError('NotAGenerator', `weights of a UNet are required, got ${family ?? 'others'}`, {
    remedy: 'give the weights of a diffusion/train stage',
    data: { artifact: generator.digest },
  });
};

const join = async (_params: Params, parts: readonly Outputs[], { store }: StageContext): Promise<Outputs> => {
  const manifests = await Promise.all(parts.map((part) => store.getArtifact(part.data as ArtifactRef)));
  const sum = (name: string): number => manifests.reduce((total, { meta }) => total + (meta[name] as number), 0);
  const meta = { ...manifests[0]?.meta, identities: sum('identities'), images: sum('images') } as JsonObject;
  const files = joinShards(manifests.map((manifest) => manifest.files));
  return { data: await store.putArtifact({ type: 'dataset', meta, files }) };
};

export const stage: ShardedStageKind<Params, Part> = {
  split: (params, context) => withInput(context, copies, (input) => split(params, input)),
  runPart,
  join,
};
