import { beforeAll, describe, expect, it } from 'vitest';
import { stage as evaluateSimilarity } from '../../../activities/evaluate-similarity/stage.ts';
import { datasetCodec } from '../../../artifacts/codecs/dataset.ts';
import { readMetricsOf } from '../../../artifacts/codecs/metrics.ts';
import { similarityKind } from '../../../artifacts/codecs/metrics-kinds.ts';
import { loadWeights } from '../../../artifacts/codecs/weights.ts';
import type { ArtifactRef } from '../../../core/artifact.ts';
import { normalStream, randomStream } from '../../../core/random.ts';
import { loadDataset } from '../../../data/loader/load.ts';
import { stage } from '../../../methods/cemiface/generate/stage.ts';
import { similarityOf, type WantedSimilarity } from '../../../methods/cemiface/generate/wanted-similarity.ts';
import { cemifaceDenoiser } from '../../../methods/cemiface/network.ts';
import type { EpsilonKind } from '../../../nn/diffusion/steps.ts';
import { seedTensor, statelessNormal } from '../../../nn/kernels/random.ts';
import { embed } from '../../../nn/recognizer/backbone.ts';
import { recognizerParameters } from '../../../nn/recognizer/layout.ts';
import { type Tensors, tf } from '../../../nn/tf.ts';
import { fromSafetensors } from '../../../nn/weights.ts';
import { float32, side, toyContext, toyPixels } from '../../activities/toy.ts';
import { allPixels } from '../../helpers/images.ts';
import {
  generatorSnrFactor,
  generatorTimesteps,
  putGenerator,
  putInquiries,
  putRecognizer,
  tinyGenerator,
  tinyRecognizer,
} from './tiny.ts';

const context = toyContext();
const { store, seed } = context;
const size = side * side * 3;
const subjects = 2;
const denoiser = cemifaceDenoiser(tinyGenerator);
let recognizer: ArtifactRef;
let generator: ArtifactRef;
let inquiries: ArtifactRef;
let weights: Tensors;
let frozen: Tensors;

beforeAll(async () => {
  recognizer = await putRecognizer(store);
  generator = await putGenerator(store, recognizer);
  inquiries = await putInquiries(store, subjects);
  weights = fromSafetensors(await loadWeights(store, generator), denoiser.parameters);
  frozen = fromSafetensors(await loadWeights(store, recognizer), recognizerParameters(tinyRecognizer));
});

const defaults = {
  m: 0.7 as WantedSimilarity,
  identities: 0,
  skip: 0,
  images: 2,
  oversample: 0,
  steps: 4,
  batch: 4,
  eta: 0,
  epsilon: 'network' as EpsilonKind,
  shardIdentities: 2,
  ...float32,
};

const datasetOf = async (more: Partial<typeof defaults> = {}, with_ = context): Promise<ArtifactRef> => {
  const params = { ...defaults, ...more, generator, inquiries };
  const shards = await stage.split(params, with_);
  const made = await Promise.all(shards.map((shard) => stage.runShard(shard, with_)));
  const { data } = await stage.join(params, made, with_);
  return data as ArtifactRef;
};

/** The images of the set, in its order: uint8 pixels each. */
const generated = async (more: Partial<typeof defaults> = {}, with_ = context): Promise<Buffer[]> => {
  const pixels = await allPixels(await loadDataset(store, await datasetOf(more, with_)));
  return Array.from({ length: pixels.length / size }, (_, k) => pixels.subarray(k * size, (k + 1) * size));
};

/** DDIM (Song et al. 2021, eq. 12 and 16) of one image, for a network that predicts the velocity; in float64 but for the network. */
const ddim = (
  identity: number,
  image: number,
  m: number,
  { steps = 4, eta = 0, epsilon = 'network' }: Partial<typeof defaults> = {},
): Float64Array => {
  const inquiry = tf.tensor4d(
    Array.from(toyPixels(identity, 0), (p) => (2 * p) / 255 - 1),
    [1, side, side, 3],
  );
  const features = embed(frozen, inquiry, tinyRecognizer);
  const conditions = { identity: features.div(tf.norm(features, 2, 1, true)), m: tf.tensor1d([m]) };
  const alphaBars: number[] = [];
  for (let t = 0, product = 1; t < generatorTimesteps; t++) {
    product *= 1 - (1e-4 + ((2e-2 - 1e-4) * t) / (generatorTimesteps - 1));
    const signal = generatorSnrFactor * product;
    alphaBars.push(signal / (1 - product + signal));
  }
  const normal = normalStream(randomStream(seed, 'generate', identity, image));
  let x = Float64Array.from({ length: size }, () => normal());
  for (let i = steps - 1; i >= 0; i--) {
    const time = Math.floor((i * generatorTimesteps) / steps);
    const a = alphaBars[time] as number;
    const next = i === 0 ? 1 : (alphaBars[Math.floor(((i - 1) * generatorTimesteps) / steps)] as number);
    const noisy = tf.tensor4d(Float32Array.from(x), [1, side, side, 3]);
    const v = denoiser.predict(weights, noisy, tf.tensor1d([time]), conditions).dataSync();
    const fresh = statelessNormal(
      [side, side, 3],
      seedTensor(seed, 'generate step', identity, image, steps - 1 - i),
    ).dataSync();
    const sigma = eta * Math.sqrt((1 - next) / (1 - a)) * Math.sqrt(1 - a / next);
    x = x.map((value, k) => {
      const output = v[k] as number;
      const x0 = Math.max(-1, Math.min(1, Math.sqrt(a) * value - Math.sqrt(1 - a) * output));
      const e =
        epsilon === 'network'
          ? Math.sqrt(a) * output + Math.sqrt(1 - a) * value
          : (value - Math.sqrt(a) * x0) / Math.sqrt(1 - a);
      return Math.sqrt(next) * x0 + Math.sqrt(1 - next - sigma ** 2) * e + sigma * (fresh[k] as number);
    });
  }
  return x;
};

const pixelsOf = (x: Float64Array): Float64Array =>
  x.map((value) => Math.round(((Math.max(-1, Math.min(1, value)) + 1) / 2) * 255));

/** The share of differing values, and the largest difference. */
const apart = (a: Buffer | undefined, b: ArrayLike<number>): { share: number; most: number } => {
  const by = Array.from(b, (value, i) => Math.abs(value - ((a as Buffer)[i] as number)));
  return { share: by.filter((d) => d > 0).length / by.length, most: Math.max(...by) };
};

describe('diffusion/generate', () => {
  // Those that differ in eta or epsilon alone follow each other: a sampler stays loaded for the next set.
  it.each([
    { m: 0.7, steps: 4, eta: 0, epsilon: 'network' },
    { m: 0.7, steps: 4, eta: 0, epsilon: 'clipped' },
    { m: 0.7, steps: 4, eta: 0.5, epsilon: 'clipped' },
    { m: 0.7, steps: 4, eta: 1, epsilon: 'clipped' },
    { m: 0.7, steps: 4, eta: 1, epsilon: 'network' },
    { m: -0.9, steps: 2, eta: 0, epsilon: 'network' },
  ] as const)(
    '$m, $steps steps, eta $eta, epsilon $epsilon: each image is what DDIM makes of its own noise, the identity of its inquiry and m',
    async ({ m, ...sampler }) => {
      const images = await generated({ m, ...sampler });
      expect(images).toHaveLength(4);
      for (const [k, image] of images.entries()) {
        const wanted = pixelsOf(ddim(Math.floor(k / 2), k % 2, m, sampler));
        // Float32 may round a value to the neighbour of what float64 rounds it to.
        const { share, most } = apart(image, wanted);
        expect(most).toBeLessThanOrEqual(1);
        expect(share).toBeLessThan(0.02);
        // Else a wrong scale of pixels might not show.
        expect(wanted.some((p) => p > 0 && p < 40) && wanted.some((p) => p > 215 && p < 255)).toBe(true);
      }
    },
  );

  it('another m makes other images of the same noise; a near one similar images', async () => {
    const [low, high, near] = [await generated({ m: -1 }), await generated({ m: 1 }), await generated({ m: 0.99 })];
    for (const k of [0, 1, 2, 3]) {
      const far = apart(high[k], low[k] as Buffer);
      expect(far.share).toBeGreaterThan(0.05);
      expect(apart(high[k], near[k] as Buffer).share).toBeLessThan(far.share);
    }
  });

  it('image, subject and seed each change the noise; more steps the result', async () => {
    const images = await generated();
    const others = [await generated({ steps: 2 }), await generated({}, { ...context, seed: seed + 1 })].flat();
    expect(new Set([...images, ...others].map((image) => image.toString('base64'))).size).toBe(12);
  });

  it('adds copies of the inquiry image to each subject, exactly as it is', async () => {
    const images = await generated({ images: 1, oversample: 2 });
    const copy = (subject: number): Buffer => Buffer.from(toyPixels(subject, 0));
    expect(images.slice(1, 3)).toEqual([copy(0), copy(0)]);
    expect(images.slice(4, 6)).toEqual([copy(1), copy(1)]);
  });

  it('makes one image of a grid for each m, all of a row from the same noise', async () => {
    const [low, high] = await generated({ m: [-1, 1] });
    for (const [image, m, other] of [
      [low, -1, 1],
      [high, 1, -1],
    ] as const) {
      expect(apart(image, pixelsOf(ddim(0, 0, m))).share).toBeLessThan(0.02);
      expect(apart(image, pixelsOf(ddim(0, 0, other))).share).toBeGreaterThan(0.05);
    }
  });

  it('adds the same noise at each step to all images of a row of a grid', async () => {
    const images = await generated({ m: [-1, 1], eta: 1 });
    for (const [k, m] of [-1, 1, -1, 1].entries()) {
      const wanted = pixelsOf(ddim(Math.floor(k / 2), 0, m, { eta: 1 }));
      expect(apart(images[k], wanted).share).toBeLessThan(0.02);
    }
  });

  it('mixes the values of a list in turn: each image is that of the set with its m alone', async () => {
    const values = [-1, 0, 1];
    const mixed = await generated({ m: { among: values }, images: 4 });
    const alone = await Promise.all(values.map((m) => generated({ m, images: 4 })));
    // Subject 1 begins with the second value.
    const order = [0, 1, 2, 0, 1, 2, 0, 1];
    for (const [k, image] of mixed.entries())
      expect(apart(image, alone[order[k] as number]?.[k] as Buffer).share).toBeLessThan(0.02);
    expect(apart(mixed[1], alone[0]?.[1] as Buffer).share).toBeGreaterThan(0.05);
  });

  it('draws the m of each image from an interval', async () => {
    const m = { lowest: -1, highest: 1 };
    const images = await generated({ m });
    for (const [k, image] of images.entries()) {
      const [identity, number] = [Math.floor(k / 2), k % 2];
      const own = similarityOf(m, { seed, identity, image: number });
      expect(apart(image, pixelsOf(ddim(identity, number, own))).share).toBeLessThan(0.02);
      const other = own > 0 ? own - 1 : own + 1;
      expect(apart(image, pixelsOf(ddim(identity, number, other))).share).toBeGreaterThan(0.02);
    }
  });

  it('states the m that was asked for, beside images and copies, whole in every shard', async () => {
    const counts = { generatedImages: 2, oversample: 1, identities: 2, images: 6 };
    for (const [m, stated] of [
      [0.7, { m: 0.7 }],
      [{ among: [0, 0.5] }, { mixture: { among: [0, 0.5] } }],
      [{ lowest: -0.1, highest: 0.1 }, { mixture: { lowest: -0.1, highest: 0.1 } }],
    ] as const) {
      const ref = await datasetOf({ m, steps: 1, oversample: 1, shardIdentities: 1 });
      const { meta } = await store.getArtifact(ref);
      expect(meta).toEqual({ origin: 'generated', height: side, width: side, ...counts, ...stated });
      expect((await datasetCodec.read(store, ref)).meta).toMatchObject({ ...counts, ...stated });
    }
    const { meta } = await store.getArtifact(await datasetOf({ m: [0, 1], steps: 1 }));
    expect(meta).toMatchObject({ generatedImages: 2, oversample: 0, grid: { m: [0, 1] } });
    expect(Object.keys(meta)).not.toEqual(expect.arrayContaining(['m']));
  });

  it('gives evaluate/similarity a mixed set as any other, its copies left out', async () => {
    const data = await datasetOf({ m: { among: [-1, 1] }, steps: 1, oversample: 1 });
    const { metrics } = await evaluateSimilarity.run({ data, inquiries, recognizer, ...float32 }, context);
    expect((await readMetricsOf(store, metrics as ArtifactRef, similarityKind)).images).toBe(4);
  });

  it('refuses an interval from a higher to a lower m', async () => {
    await expect(datasetOf({ m: { lowest: 0.2, highest: 0.1 } })).rejects.toMatchObject({
      code: 'IntervalEmpty',
      message: 'm.lowest must not be above m.highest, got 0.2 and 0.1',
      remedy: 'exchange m.lowest and m.highest',
    });
  });

  it('batch and shards change no image by more than rounding', async () => {
    const images = await generated();
    for (const other of [await generated({ batch: 3 }), await generated({ shardIdentities: 1 })]) {
      for (const [k, image] of images.entries()) {
        const { share, most } = apart(image, other[k] as Buffer);
        expect(most).toBeLessThanOrEqual(1);
        expect(share).toBeLessThan(0.02);
      }
    }
  });
});
