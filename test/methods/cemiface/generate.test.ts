import { beforeAll, describe, expect, it } from 'vitest';
import { loadWeights } from '../../../artifacts/codecs/weights.ts';
import type { ArtifactRef } from '../../../core/artifact.ts';
import { normalStream, randomStream } from '../../../core/random.ts';
import { loadDataset } from '../../../data/loader/load.ts';
import { stage } from '../../../methods/cemiface/generate/stage.ts';
import { cemifaceDenoiser } from '../../../methods/cemiface/network.ts';
import { embed } from '../../../nn/recognizer/backbone.ts';
import { recognizerParameters } from '../../../nn/recognizer/layout.ts';
import { type Tensors, tf } from '../../../nn/tf.ts';
import { fromSafetensors } from '../../../nn/weights.ts';
import { side, toyContext, toyPixels } from '../../activities/toy.ts';
import { allPixels } from '../../helpers/images.ts';
import {
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
let generator: ArtifactRef;
let inquiries: ArtifactRef;
let weights: Tensors;
let frozen: Tensors;

beforeAll(async () => {
  const recognizer = await putRecognizer(store);
  generator = await putGenerator(store, recognizer);
  inquiries = await putInquiries(store, subjects);
  weights = fromSafetensors(await loadWeights(store, generator), denoiser.parameters);
  frozen = fromSafetensors(await loadWeights(store, recognizer), recognizerParameters(tinyRecognizer));
});

const defaults = {
  m: 0.7 as number | number[],
  identities: 0,
  images: 2,
  oversample: 0,
  steps: 4,
  batch: 4,
  shardIdentities: 2,
};

/** The images of the set, in its order: uint8 pixels each. */
const generated = async (more: Partial<typeof defaults> = {}, with_ = context): Promise<Buffer[]> => {
  const params = { ...defaults, ...more, generator, inquiries };
  const shards = await stage.split(params, with_);
  const made = await Promise.all(shards.map((shard) => stage.runShard(shard, with_)));
  const { data } = await stage.join(params, made, with_);
  const pixels = await allPixels(await loadDataset(store, data as ArtifactRef));
  return Array.from({ length: pixels.length / size }, (_, k) => pixels.subarray(k * size, (k + 1) * size));
};

/** DDIM with eta 0 (Song et al. 2021, eq. 12) of one image, for a network that predicts the velocity; in float64 but for the network. */
const ddim = (identity: number, image: number, m: number, steps: number): Float64Array => {
  const inquiry = tf.tensor4d(
    Array.from(toyPixels(identity, 0), (p) => (2 * p) / 255 - 1),
    [1, side, side, 3],
  );
  const features = embed(frozen, inquiry, tinyRecognizer);
  const conditions = { identity: features.div(tf.norm(features, 2, 1, true)), m: tf.tensor1d([m]) };
  const alphaBars: number[] = [];
  for (let t = 0, product = 1; t < generatorTimesteps; t++) {
    product *= 1 - (1e-4 + ((2e-2 - 1e-4) * t) / (generatorTimesteps - 1));
    alphaBars.push(product);
  }
  const normal = normalStream(randomStream(seed, 'generate', identity, image));
  let x = Float64Array.from({ length: size }, () => normal());
  for (let i = steps - 1; i >= 0; i--) {
    const time = Math.floor((i * generatorTimesteps) / steps);
    const a = alphaBars[time] as number;
    const next = i === 0 ? 1 : (alphaBars[Math.floor(((i - 1) * generatorTimesteps) / steps)] as number);
    const noisy = tf.tensor4d(Float32Array.from(x), [1, side, side, 3]);
    const v = denoiser.predict(weights, noisy, tf.tensor1d([time]), conditions).dataSync();
    x = x.map((value, k) => {
      const x0 = Math.max(-1, Math.min(1, Math.sqrt(a) * value - Math.sqrt(1 - a) * (v[k] as number)));
      const epsilon = (value - Math.sqrt(a) * x0) / Math.sqrt(1 - a);
      return Math.sqrt(next) * x0 + Math.sqrt(1 - next) * epsilon;
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
  it.each([
    [0.7, 4],
    [-0.9, 2],
  ])(
    'm = %d, %i steps: each image is what DDIM makes of its own noise, the identity of its inquiry and m',
    async (m, steps) => {
      const images = await generated({ m, steps });
      expect(images).toHaveLength(4);
      for (const [k, image] of images.entries()) {
        const x = ddim(Math.floor(k / 2), k % 2, m, steps);
        const wanted = x.map((value) => Math.round(((Math.max(-1, Math.min(1, value)) + 1) / 2) * 255));
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
      expect(apart(image, pixelsOf(ddim(0, 0, m, 4))).share).toBeLessThan(0.02);
      expect(apart(image, pixelsOf(ddim(0, 0, other, 4))).share).toBeGreaterThan(0.05);
    }
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
