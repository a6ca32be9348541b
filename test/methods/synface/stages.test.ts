import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { stage as subset } from '../../../activities/data-subset/stage.ts';
import { datasetCodec } from '../../../artifacts/codecs/dataset.ts';
import { readMetricsOf } from '../../../artifacts/codecs/metrics.ts';
import { trainingKind } from '../../../artifacts/codecs/metrics-kinds.ts';
import { loadWeights } from '../../../artifacts/codecs/weights.ts';
import { DatasetWriter } from '../../../artifacts/dataset.ts';
import { readSoftLabels, type SoftLabels } from '../../../artifacts/soft-labels.ts';
import type { Outputs } from '../../../core/action.ts';
import type { ArtifactRef } from '../../../core/artifact.ts';
import { normalStream, permutation, randomStream } from '../../../core/random.ts';
import { loadDataset } from '../../../data/loader/load.ts';
import { identityVector } from '../../../faces/identity.ts';
import { everyday, photoVector } from '../../../faces/photo.ts';
import { renderFace } from '../../../faces/render.ts';
import { stage as draw } from '../../../methods/synface/draw/stage.ts';
import { stage as generate } from '../../../methods/synface/generate/stage.ts';
import { blend } from '../../../methods/synface/mixup.ts';
import { DrawnPeople, identitySize } from '../../../methods/synface/people.ts';
import { stage as train } from '../../../methods/synface/train-generator/stage.ts';
import { decode } from '../../../methods/synface/vae/forward.ts';
import { decoderParameters, vaeParameters } from '../../../methods/synface/vae/layers.ts';
import { vaeLoss } from '../../../methods/synface/vae/loss.ts';
import { valueAndGradients } from '../../../nn/gradients.ts';
import { seedTensor, statelessNormal } from '../../../nn/kernels/random.ts';
import { initialise } from '../../../nn/parameters.ts';
import { tf } from '../../../nn/tf.ts';
import { fromSafetensors } from '../../../nn/weights.ts';
import { checkStageSchema } from '../../../schemas/meta-schema.ts';
import { toyContext, toyDataset } from '../../activities/toy.ts';
import { allPixels } from '../../helpers/images.ts';
import { interrupted } from '../idiff-face/tiny.ts';
import { drawnFaces, drawParams, generateParams, putGenerator, side, tinyVae, trainParams, wholeOf } from './tiny.ts';

const context = toyContext();
const { store, seed } = context;
const values = side * side * 3;
let data: ArtifactRef;
let trained: Outputs;
let generator: ArtifactRef;

beforeAll(async () => {
  data = await drawnFaces(context);
  trained = await train.run({ data, ...trainParams }, context);
  generator = await putGenerator(store);
});

const curve = async (log: unknown, name: string): Promise<number[]> => {
  const { series } = await readMetricsOf(store, log as ArtifactRef, trainingKind);
  return series[name]?.values as number[];
};

/** The images of a set in its order, and its labels. */
const opened = async (ref: ArtifactRef) => {
  const pixels = await allPixels(await loadDataset(store, ref));
  const artifact = await datasetCodec.read(store, ref);
  const images = Array.from({ length: pixels.length / values }, (_, k) =>
    pixels.subarray(k * values, (k + 1) * values),
  );
  return { ref, images, meta: artifact.meta, labels: (await readSoftLabels(store, artifact)) as SoftLabels };
};

const generated = async (more: Partial<typeof generateParams> = {}) =>
  opened(await wholeOf(generate, { ...generateParams, ...more, generator }, context));
const drawn = async (more: Partial<typeof drawParams> = {}) =>
  opened(await wholeOf(draw, { ...drawParams, ...more }, context));

const person = (index: number) => identityVector(seed, index, 'synface');

describe('the schemas', () => {
  it.each(['train-generator', 'generate', 'draw'])('of %s are those that stage kinds may have', (verb) => {
    const file = new URL(`../../../methods/synface/${verb}/schema.json`, import.meta.url);
    expect(checkStageSchema(JSON.parse(readFileSync(file, 'utf8')))).toEqual([]);
  });
});

describe('synface/train-generator', () => {
  it('learns to give images back, and uses its latents', async () => {
    const reconstruction = await curve(trained.log, 'reconstruction');
    expect(reconstruction.at(-1)).toBeLessThan(0.6 * (reconstruction[0] as number));
    const kl = await curve(trained.log, 'kl');
    expect(kl[0]).toBeCloseTo(0, 6);
    expect(kl.at(-1)).toBeGreaterThan(0.5);
  });

  it('gives the same weights again, and after an interruption; others by another noise', async () => {
    const params = { data, ...trainParams, epochs: 3 };
    const { first, resumed } = interrupted(context, 3);
    const whole = await train.run(params, first);
    expect(await train.run(params, resumed)).toEqual(whole);
    expect(await train.run(params, { ...context, seed: 8 })).not.toEqual(whole);
  });

  it('is the published algorithm: order, noise, loss, Adam, half a cosine', async () => {
    const params = { data, ...trainParams, epochs: 1 };
    const { weights: made, log } = await train.run(params, context);
    const parameters = vaeParameters(tinyVae);
    const pixels = await allPixels(await loadDataset(store, data));
    const order = permutation(16, seed, 'synface order', 0);
    const objective = { config: tinyVae, deviation: 0.2, beta: 1 };
    let weights = initialise(parameters, seed);
    const zeros = () => Object.fromEntries(Object.entries(weights).map(([name, w]) => [name, tf.zerosLike(w)]));
    const [m, v, losses] = [zeros(), zeros(), [] as number[]];
    for (const step of [0, 1]) {
      const rows = [...order.slice(8 * step, 8 * step + 8)];
      const images = Float32Array.from(rows.flatMap((row) => [...pixels.subarray(row * values, (row + 1) * values)]));
      const batch = {
        images: tf.tensor4d(images, [8, side, side, 3]).div(127.5).sub(1),
        identity: tf.tensor2d(rows.map((row) => [...identityVector(seed, Math.floor(row / 4), 'train').factors])),
      };
      const noise = statelessNormal([8, tinyVae.latent], seedTensor(seed, 'synface noise', step)) as tf.Tensor2D;
      const { value, gradients } = valueAndGradients((w) => vaeLoss(w, batch, noise, objective).loss, weights);
      losses.push(value.dataSync()[0] as number);
      // A warm-up of two steps, behind which the cosine would begin.
      const rate = (0.01 * (step + 1)) / 2;
      weights = Object.fromEntries(
        Object.entries(weights).map(([name, w]) => {
          const g = gradients[name] as tf.Tensor;
          m[name] = (m[name] as tf.Tensor).mul(0.9).add(g.mul(0.1));
          v[name] = (v[name] as tf.Tensor).mul(0.999).add(g.square().mul(0.001));
          const mean = m[name].div(1 - 0.9 ** (step + 1));
          const deviation = v[name].div(1 - 0.999 ** (step + 1)).sqrt();
          return [name, w.sub(mean.div(deviation.add(1e-8)).mul(rate))];
        }),
      );
    }
    const curves = await curve(log, 'loss');
    losses.forEach((loss, i) => {
      expect((curves[i] as number) / loss).toBeCloseTo(1, 4);
    });
    const stored = fromSafetensors(await loadWeights(store, made as ArtifactRef), parameters);
    // Adam's first steps have the sign of the gradient: where that is nearly zero, rounding decides.
    const apart = (name: string) => tf.mean(tf.abs(tf.sub(stored[name] as tf.Tensor, weights[name] as tf.Tensor)));
    const moved = Object.keys(weights).map((name) => apart(name).dataSync()[0] as number);
    expect(Math.max(...moved)).toBeLessThan(2e-4);
  });

  it('moves by the gradients of the whole batch in micro-batches', async () => {
    const params = { data, ...trainParams, epochs: 2, lr: 0.001 };
    const [whole, parts] = [await train.run(params, context), await train.run({ ...params, microBatch: 4 }, context)];
    const [a, b] = [await curve(whole.log, 'loss'), await curve(parts.log, 'loss')];
    a.forEach((value, i) => {
      expect((b[i] as number) / value).toBeCloseTo(1, 3);
    });
  });

  it('knows whom a part of a drawn set shows', async () => {
    const of = await drawnFaces(context, { firstIdentity: 40, images: 1 });
    const choice = { data: of, group: null, identities: 2, images: 0, draw: 'random' as const };
    const part = (await subset.run(choice, context)).data as ArtifactRef;
    const { identities } = await loadDataset(store, part);
    const people = await DrawnPeople.of(store, part, identities);
    const [first, second] = [...identities] as [number, number];
    expect([first, second].every((identity) => identity >= 40 && identity < 44)).toBe(true);
    const wanted = [second, first].flatMap((identity) => [...identityVector(seed, identity, 'train').factors]);
    expect(people.rows([second, first])).toEqual(Float32Array.from(wanted));
  });

  it('refuses sets that do not say whom they show, or show mixtures, and images that it cannot halve', async () => {
    const other = async (refused: ArtifactRef) => train.run({ data: refused, ...trainParams }, context);
    await expect(other((await drawn({ mixup: false })).ref)).rejects.toMatchObject({ code: 'PeopleUnknown' });
    await expect(other(await drawnFaces(context, { size: 18 }))).rejects.toMatchObject({ code: 'SizeMismatch' });
    await expect(other(await toyDataset(store, 4, 4))).rejects.toMatchObject({ code: 'PeopleUnknown' });
    const writer = new DatasetWriter(store, { height: 8, width: 16 });
    await writer.add({ identity: 0, image: 0, pixels: new Uint8Array(8 * 16 * 3) });
    const flat = await writer.finish({ origin: 'procedural', peopleShown: 'drawn' });
    await expect(other(flat)).rejects.toMatchObject({ code: 'SizeMismatch' });
  });
});

describe('synface/generate', () => {
  it('decodes the blended vector and a latent of the deviation asked for', async () => {
    const { images, labels } = await generated();
    const weights = fromSafetensors(await loadWeights(store, generator), decoderParameters(tinyVae));
    for (const [k, image] of images.entries()) {
      const identity = Math.floor(k / 4);
      const [own, other, ratio] = [person(identity), person(labels.second[k] as number), labels.ratio[k] as number];
      const mixed = own.factors.map((value, i) => ratio * value + (1 - ratio) * (other.factors[i] as number));
      const normal = normalStream(randomStream(seed, 'synface latent', identity, k % 4));
      const latent = tf.tensor2d(
        Float32Array.from({ length: tinyVae.latent }, () => 0.7 * normal()),
        [1, tinyVae.latent],
      );
      const wanted = decode(weights, latent, tf.tensor2d(Float32Array.from(mixed), [1, identitySize]), tinyVae);
      const levels = wanted.clipByValue(-1, 1).add(1).mul(127.5).dataSync();
      const apart = image.reduce((most, level, i) => Math.max(most, Math.abs(level - (levels[i] as number))), 0);
      expect(apart, `image ${k}`).toBeLessThan(0.52);
    }
  });

  it('gives the same images in shards of any size, each another one', async () => {
    const [one, all] = [
      await generated({ shardIdentities: 1, batch: 3 }),
      await generated({ shardIdentities: 5, batch: 3 }),
    ];
    expect(one.images).toEqual(all.images);
    expect(one.labels).toEqual(all.labels);
    expect(new Set(all.images.map((image) => image.toString('hex'))).size).toBe(20);
    expect(all.meta).toMatchObject({ origin: 'generated', peopleShown: 'generated', generatedImages: 4, people: [] });
    expect(all.meta).toMatchObject({ identities: 5, images: 20 });
  });

  it('without mixup has no labels, and one face for each identity where the latent is not drawn', async () => {
    const { images, labels } = await generated({ mixup: false, truncation: 0 });
    expect(labels).toBeUndefined();
    expect(new Set(images.map((image) => image.toString('hex'))).size).toBe(5);
  });

  it('refuses weights of other networks, and of people of other factors', async () => {
    const strange = await putGenerator(store, 1, { ...tinyVae, identitySize: 3 });
    const run = wholeOf(generate, { ...generateParams, generator: strange }, context);
    await expect(run).rejects.toMatchObject({ code: 'FactorsMismatch' });
  });
});

describe('synface/draw', () => {
  it('without mixup draws the faces that data/procedural draws of that population', async () => {
    const { images, labels, meta } = await drawn({ mixup: false });
    const faces = await drawnFaces(context, { identities: 5, population: 'synface' });
    expect(images).toEqual((await opened(faces)).images);
    expect(labels).toBeUndefined();
    expect(meta).toMatchObject({
      ...{ origin: 'generated', peopleShown: 'drawn', generatedImages: 4 },
      people: [{ namespace: `drawn/${seed}/synface`, first: 0, count: 5 }],
    });
  });

  it('draws blended people in the photos of the first', async () => {
    const { images, labels } = await drawn();
    for (const k of [0, 7, 19]) {
      const identity = Math.floor(k / 4);
      const ratio = Math.round(20 * (labels.ratio[k] as number)) / 20;
      const mixed = blend(person(identity), person(labels.second[k] as number), ratio);
      const photo = photoVector(seed, mixed, k % 4, { ...everyday, variation: 1, wear: 0.5 });
      expect(Buffer.from(renderFace(mixed, photo, side)).equals(images[k] as Buffer), `image ${k}`).toBe(true);
    }
  });
});
