import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { stage as randomInquiries } from '../../../activities/inquiry-random/stage.ts';
import { datasetCodec } from '../../../artifacts/codecs/dataset.ts';
import { readMetricsOf } from '../../../artifacts/codecs/metrics.ts';
import { trainingKind } from '../../../artifacts/codecs/metrics-kinds.ts';
import { loadWeights, weightsCodec } from '../../../artifacts/codecs/weights.ts';
import type { Outputs } from '../../../core/action.ts';
import type { ArtifactRef } from '../../../core/artifact.ts';
import { normalStream, randomStream } from '../../../core/random.ts';
import { loadDataset } from '../../../data/loader/load.ts';
import { encode } from '../../../methods/idiff-face/autoencoder/forward.ts';
import { decoderParameters, encoderParameters } from '../../../methods/idiff-face/autoencoder/layers.ts';
import { loadAutoencoder } from '../../../methods/idiff-face/autoencoder/weights.ts';
import { stage as generate } from '../../../methods/idiff-face/generate/stage.ts';
import { decoderWeights, idiffFaceDenoiser } from '../../../methods/idiff-face/network.ts';
import { stage as train } from '../../../methods/idiff-face/train/stage.ts';
import { stage as trainAutoencoder } from '../../../methods/idiff-face/train-autoencoder/stage.ts';
import { generatorMetaOf } from '../../../methods/idiff-face/weights.ts';
import { seedTensor, statelessNormal } from '../../../nn/kernels/random.ts';
import { tf } from '../../../nn/tf.ts';
import { fromSafetensors } from '../../../nn/weights.ts';
import { checkStageSchema } from '../../../schemas/meta-schema.ts';
import { side, toyContext, toyDataset } from '../../activities/toy.ts';
import { allPixels } from '../../helpers/images.ts';
import { putInquiries, putRecognizer } from '../cemiface/tiny.ts';
import { autoencoderParams, generateParams, interrupted, trainParams } from './tiny.ts';

const context = toyContext();
const { store, seed } = context;
let data: ArtifactRef;
let recognizer: ArtifactRef;
let autoencoder: Outputs;
let generator: Outputs;

beforeAll(async () => {
  data = await toyDataset(store, 8, 4);
  recognizer = await putRecognizer(store);
  autoencoder = await trainAutoencoder.run({ data, ...autoencoderParams }, context);
  generator = await train.run(paramsOf(), context);
}, 300_000);

const paramsOf = (more: { readonly epochs?: number; readonly scaleLatents?: boolean } = {}) => ({
  ...{ data, recognizer, autoencoder: autoencoder.weights as ArtifactRef },
  ...trainParams,
  ...more,
});

const curve = async (log: unknown, name: string): Promise<number[]> => {
  const { series } = await readMetricsOf(store, log as ArtifactRef, trainingKind);
  return series[name]?.values as number[];
};

/** The images of a generated set, in its order: uint8 pixels each. */
const sampled = async (
  inquiries: ArtifactRef,
  more: Partial<typeof generateParams> = {},
): Promise<{ ref: ArtifactRef; images: Buffer[] }> => {
  const params = { ...generateParams, ...more, generator: generator.weights as ArtifactRef, inquiries };
  const made: Outputs[] = [];
  for (const shard of await generate.split(params, context)) made.push(await generate.runShard(shard, context));
  const ref = (await generate.join(params, made, context)).data as ArtifactRef;
  const pixels = await allPixels(await loadDataset(store, ref));
  const size = side * side * 3;
  return {
    ref,
    images: Array.from({ length: pixels.length / size }, (_, k) => pixels.subarray(k * size, (k + 1) * size)),
  };
};

describe('the schemas', () => {
  it.each(['train-autoencoder', 'train', 'generate'])('of %s are those that stage kinds may have', (verb) => {
    const file = new URL(`../../../methods/idiff-face/${verb}/schema.json`, import.meta.url);
    expect(checkStageSchema(JSON.parse(readFileSync(file, 'utf8')))).toEqual([]);
  });
});

describe('idiff-face/train-autoencoder', () => {
  it('learns to give images back, and says how many codes it uses', async () => {
    const reconstruction = await curve(autoencoder.log, 'reconstruction');
    expect(reconstruction.at(-1)).toBeLessThan(0.9 * (reconstruction[0] as number));
    const perplexity = await curve(autoencoder.log, 'perplexity');
    expect(Math.max(...perplexity)).toBeGreaterThan(1.5);
    expect(Math.max(...perplexity)).toBeLessThanOrEqual(16);
  });

  it('gives the same weights again, and after an interruption', async () => {
    const { first, resumed } = interrupted(context, 3);
    const params = { data, ...autoencoderParams, epochs: 2 };
    const whole = await trainAutoencoder.run(params, first);
    expect(await trainAutoencoder.run(params, resumed)).toEqual(whole);
    expect(await trainAutoencoder.run({ ...params, flip: false }, context)).not.toEqual(whole);
  }, 120_000);

  it('moves by the gradients of the whole batch in micro-batches', async () => {
    const params = { data, ...autoencoderParams, epochs: 1 };
    const [whole, parts] = [
      await trainAutoencoder.run(params, context),
      await trainAutoencoder.run({ ...params, microBatch: 4 }, context),
    ];
    const [a, b] = [await curve(whole.log, 'reconstruction'), await curve(parts.log, 'reconstruction')];
    a.forEach((value, i) => {
      expect(b[i]).toBeCloseTo(value, 3);
    });
  }, 120_000);

  it('refuses images that it cannot halve', async () => {
    const network = { ...autoencoderParams.network, multipliers: [1, 1, 1, 1] };
    await expect(trainAutoencoder.run({ data, ...autoencoderParams, network }, context)).rejects.toMatchObject({
      code: 'SizeMismatch',
    });
  });
});

describe('idiff-face/train', () => {
  it('gives the same weights again, and after an interruption', async () => {
    const { first, resumed } = interrupted(context, 5);
    const whole = await train.run(paramsOf(), first);
    expect(whole).toEqual(generator);
    expect(await train.run(paramsOf(), resumed)).toEqual(whole);
  }, 120_000);

  it('learns latents of deviation one where it is asked to scale them', async () => {
    const { network } = generatorMetaOf(await weightsCodec.read(store, generator.weights as ArtifactRef));
    const { config, weights } = await loadAutoencoder(store, autoencoder.weights as ArtifactRef, encoderParameters);
    const pixels = await allPixels(await loadDataset(store, data));
    const images = tf.tensor4d(
      Float32Array.from(pixels, (level) => level / 127.5 - 1),
      [32, side, side, 3],
    );
    const { variance } = tf.moments(encode(weights, images, config));
    expect(network.latentScale).toBeCloseTo(1 / Math.sqrt(variance.dataSync()[0] as number), 3);
    const plain = await train.run(paramsOf({ scaleLatents: false, epochs: 1 }), context);
    const stated = generatorMetaOf(await weightsCodec.read(store, plain.weights as ArtifactRef));
    expect(stated.network.latentScale).toBe(1);
    expect(stated).toMatchObject({ recognizer: recognizer.digest, timesteps: 50 });
  }, 120_000);

  it('begins with a loss of one, that of a network that predicts nothing', async () => {
    const losses = await curve(generator.log, 'loss');
    expect(losses[0]).toBeGreaterThan(0.8);
    expect(losses[0]).toBeLessThan(1.2);
  });
});

describe('idiff-face/generate', () => {
  it('samples, quantises and decodes as DDPM and the autoencoder say', async () => {
    const { inquiries } = await randomInquiries.run({ recognizer, count: 1 }, context);
    const { images } = await sampled(inquiries as ArtifactRef, { images: 1 });
    const artifact = await weightsCodec.read(store, generator.weights as ArtifactRef);
    const { network, autoencoder: digest } = generatorMetaOf(artifact);
    const decoder = await loadAutoencoder(store, { type: 'weights', digest }, decoderParameters);
    const denoiser = idiffFaceDenoiser({ ...network, autoencoder: decoder.config });
    const stored = fromSafetensors(await loadWeights(store, artifact.ref), denoiser.parameters);
    // DDPM's algorithm 2 with sigma² = beta, as the published code writes it, at 5 of 50 steps.
    const alphaBar = (t: number): number => {
      let product = 1;
      for (let s = 0; s <= t; s++) product *= 1 - (1e-4 + ((2e-2 - 1e-4) * s) / 49);
      return product;
    };
    const context1 = normalStream(randomStream(seed, 'random inquiry', 0));
    const direction = Float64Array.from({ length: 6 }, () => context1());
    const length = Math.hypot(...direction);
    const identity = tf.tensor2d(
      Float32Array.from(direction, (value) => value / length),
      [1, 6],
    );
    const normal = normalStream(randomStream(seed, 'generate', 0, 0));
    let x = tf.tensor4d(
      Float32Array.from({ length: 108 }, () => normal()),
      [1, 6, 6, 3],
    );
    for (const [i, time] of [40, 30, 20, 10, 0].entries()) {
      const [own, next] = [alphaBar(time), time === 0 ? 1 : alphaBar(time - 10)];
      const [alpha, beta] = [own / next, 1 - own / next];
      const epsilon = denoiser.predict(stored, x, tf.tensor1d([time]), { identity });
      const mean = x.sub(epsilon.mul(beta / Math.sqrt(1 - own))).div(Math.sqrt(alpha));
      const noise = statelessNormal([1, 6, 6, 3], seedTensor(seed, 'generate step', 0, 0, i));
      x = mean.add(noise.mul(time === 0 ? 0 : Math.sqrt(beta))) as tf.Tensor4D;
    }
    const decoded = denoiser.decode?.({ ...stored, ...decoderWeights(decoder.weights) }, x) as tf.Tensor;
    const wanted = Array.from(decoded.dataSync(), (value) => (value + 1) * 127.5);
    // A latent between two codes may fall to the other one; a level may be rounded up or down.
    const apart = [...(images[0] as Buffer)].filter((level, k) => Math.abs(level - (wanted[k] as number)) > 1);
    expect(apart.length).toBeLessThan(10);
    expect(new Set(images[0]).size).toBeGreaterThan(3);
  }, 120_000);

  it('gives the same images in shards of any size, and other images of each context', async () => {
    const { inquiries } = await randomInquiries.run({ recognizer, count: 3 }, context);
    const [one, all] = [
      await sampled(inquiries as ArtifactRef, { shardIdentities: 1 }),
      await sampled(inquiries as ArtifactRef, { shardIdentities: 3 }),
    ];
    expect(one.images).toEqual(all.images);
    expect(all.images).toHaveLength(6);
    expect(new Set(all.images.map((image) => image.toString('hex'))).size).toBe(6);
    const { meta } = await datasetCodec.read(store, all.ref);
    expect(meta).toMatchObject({ origin: 'generated', peopleShown: 'generated', identities: 3, images: 6 });
  }, 120_000);

  it('embeds the images of inquiries, and copies them where it is asked to', async () => {
    const inquiries = await putInquiries(store, 2);
    const { images } = await sampled(inquiries, { oversample: 1 });
    expect(images).toHaveLength(6);
    const shown = await allPixels(await loadDataset(store, await toyDataset(store, 2, 1)));
    expect(images[2]?.equals(shown.subarray(0, side * side * 3))).toBe(true);
    // The stored embeddings are zeros: these would give other images.
    const ddim = await sampled(inquiries, { sampler: 'ddim', eta: 0 });
    expect(ddim.images[0]?.equals(images[0] as Buffer)).toBe(false);
  }, 120_000);

  it('refuses vectors of another recognizer, copies of images that there are not, and more steps than there are', async () => {
    const other = await putRecognizer(store, 2);
    const { inquiries: strange } = await randomInquiries.run({ recognizer: other, count: 1 }, context);
    await expect(sampled(strange as ArtifactRef)).rejects.toMatchObject({ code: 'RecognizerMismatch' });
    const { inquiries } = await randomInquiries.run({ recognizer, count: 1 }, context);
    await expect(sampled(inquiries as ArtifactRef, { oversample: 1 })).rejects.toMatchObject({
      code: 'InquiriesWithoutImages',
    });
    await expect(sampled(inquiries as ArtifactRef, { steps: 51 })).rejects.toMatchObject({ code: 'TooManySteps' });
  }, 60_000);
});
