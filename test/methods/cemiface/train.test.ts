import { beforeAll, describe, expect, it } from 'vitest';
import { loadWeights } from '../../../artifacts/codecs/weights.ts';
import type { ArtifactRef } from '../../../core/artifact.ts';
import type { ImageSet } from '../../../data/images.ts';
import { loadDataset } from '../../../data/loader/load.ts';
import type { SimilarityMeasure } from '../../../methods/cemiface/loss.ts';
import { cemifaceDenoiser } from '../../../methods/cemiface/network.ts';
import { cemifaceSamples } from '../../../methods/cemiface/samples.ts';
import { similarityGrid } from '../../../methods/cemiface/similarity-grid.ts';
import { stage } from '../../../methods/cemiface/train/stage.ts';
import { flatten, unflatten } from '../../../nn/flat.ts';
import { valueAndGradients } from '../../../nn/gradients.ts';
import { seedTensor, statelessNormal } from '../../../nn/kernels/random.ts';
import { initialise } from '../../../nn/parameters.ts';
import { embed } from '../../../nn/recognizer/backbone.ts';
import { recognizerParameters } from '../../../nn/recognizer/layout.ts';
import { type Tensors, tf } from '../../../nn/tf.ts';
import { fromSafetensors } from '../../../nn/weights.ts';
import { type DiffusionPlan, DiffusionPlanner } from '../../../training/diffusion/plan.ts';
import { float32, side, toyContext, toyDataset } from '../../activities/toy.ts';
import { allPixels } from '../../helpers/images.ts';
import { differing, type Recording, recording } from '../../training/recorder.ts';
import { putRecognizer, tinyNetwork, tinyRecognizer } from './tiny.ts';

/** Two epochs of two steps, of which the first warms up. */
const { imageSize: _, identitySize: __, ...network } = tinyNetwork;
const params = {
  network,
  ...({ epochs: 2, batch: 4, microBatch: 0, recompute: false, lr: 0.02, warmup: 1, decay: 'cosine' } as const),
  ...{
    weightDecay: 0.5,
    emaMaximum: 0.5,
    lambda: 3,
    mse: 'output' as const,
    timesteps: 50,
    snrFactor: 1,
    flip: true,
    samples: null,
    ...float32,
  },
  similarity: { lowest: -1, highest: 1, interval: 0.02, measure: 'cosine' as SimilarityMeasure },
};
const steps = 4;
// After the warm-up, 0.01 · (1 + cos(π k / 3)) for k = 0, 1, 2.
const rates = [0.02, 0.02, 0.015, 0.005];
const emaDecays = [0, 1 - 2 ** -0.75, 0.5, 0.5];
const [beta1, beta2, eps] = [0.9, 0.999, 1e-8];

const context = toyContext();
const network12 = { ...tinyNetwork, imageSize: side };
const denoiser = cemifaceDenoiser(network12);
let data: ArtifactRef;
let recognizer: ArtifactRef;
let images: ImageSet;
let pixels: Buffer;
let frozen: Tensors;
let recorded: Recording;
/** `w`, `ema` and AdamW's moments before each step, and after the last but one. */
let states: Tensors[];
/** What the stage stored, as one vector. */
let stored: tf.Tensor1D;

beforeAll(async () => {
  const { store } = context;
  data = await toyDataset(store, 4, 2);
  recognizer = await putRecognizer(store);
  images = await loadDataset(store, data);
  pixels = await allPixels(images);
  frozen = fromSafetensors(await loadWeights(store, recognizer), recognizerParameters(tinyRecognizer));
  const made = recording(context);
  const { weights } = await stage.run({ ...params, data, recognizer }, made.context);
  recorded = made.recorded;
  const { parameters } = denoiser;
  const w = flatten(initialise(parameters, context.seed), parameters);
  const zeros = tf.zerosLike(w);
  states = [{ w, ema: w, 'adam.m.w': zeros, 'adam.v.w': zeros }, ...recorded.states];
  stored = flatten(fromSafetensors(await loadWeights(store, weights as ArtifactRef), parameters), parameters);
});

/** The image that a sample shows, in [-1, 1]. */
const imageOf = (row: number, mirrored: boolean): number[] => {
  const size = side * side * 3;
  return Array.from({ length: size }, (_, i) => {
    const [c, x, y] = [i % 3, Math.floor(i / 3) % side, Math.floor(i / 3 / side)];
    const from = mirrored ? side - 1 - x : x;
    return (2 * (pixels[row * size + (y * side + from) * 3 + c] as number)) / 255 - 1;
  });
};

const unit = (rows: tf.Tensor): tf.Tensor => tf.div(rows, tf.norm(rows, 2, 1, true));
const embedded = (x: tf.Tensor4D): tf.Tensor => unit(embed(frozen, x, tinyRecognizer));

/** What step i draws; only rows, mirroring, m and t are read of it, and each image's embedding is found anew. */
const planOf = (i: number): DiffusionPlan => {
  const table = { size: 6, at: () => new Float32Array(6) };
  const samples = cemifaceSamples(table, similarityGrid(0.02), true);
  return new DiffusionPlanner(images.count, samples, params, context.seed).at(i);
};

/** CemiFace's equations 1 and 5 to 10, in plain terms, for the noise predicted by the network. */
const judged = (i: number, weights: tf.Tensor1D, measure: SimilarityMeasure = 'cosine') => {
  const { recipe, arrays } = planOf(i);
  const clean = tf.tensor4d(
    [...recipe.rows].flatMap((row, k) => imageOf(row, recipe.mirrored?.[k] === 1)),
    [4, side, side, 3],
  );
  const [time, m] = [arrays.time, arrays.m].map((values) => tf.tensor1d(values as Float32Array)) as [
    tf.Tensor1D,
    tf.Tensor1D,
  ];
  const alphaBar = tf.tensor1d(
    [...(arrays.time as Float32Array)].map((t) => {
      let product = 1;
      for (let s = 0; s <= t; s++) product *= 1 - (1e-4 + ((2e-2 - 1e-4) * s) / 49);
      return product;
    }),
  );
  const a = alphaBar.reshape([4, 1, 1, 1]);
  const noise = statelessNormal([4, side, side, 3], seedTensor(context.seed, 'diffusion noise', i));
  const noisy = clean.mul(a.sqrt()).add(noise.mul(tf.sub(1, a).sqrt())) as tf.Tensor4D;
  const identity = embedded(clean);
  const metrics: Record<string, tf.Scalar> = {};
  const { gradients } = valueAndGradients(
    ({ w }) => {
      const output = denoiser.predict(unflatten(w as tf.Tensor1D, denoiser.parameters), noisy, time, { identity, m });
      const mse = output.sub(noise).square().mean();
      const x0 = noisy
        .sub(output.mul(tf.sub(1, a).sqrt()))
        .div(a.sqrt())
        .clipByValue(-1, 1) as tf.Tensor4D;
      const reached = embedded(x0);
      const cosine = reached.mul(identity).sum(1);
      const s = measure === 'cosine' ? cosine : tf.sub(1, tf.norm(reached.sub(identity), 2, 1));
      const gamma = time.div(params.timesteps);
      const simMat = tf
        .sub(1, gamma)
        .mul(tf.sub(1, s).square())
        .add(gamma.mul(m.sub(s).square()))
        .mean();
      const loss = mse.add(simMat.mul(params.lambda));
      for (const [name, value] of Object.entries({ loss, mse, simMat, similarity: cosine.mean() }))
        metrics[name] = tf.keep(value.clone()) as tf.Scalar;
      return loss as tf.Scalar;
    },
    { w: weights },
  );
  return { metrics, gradient: gradients.w as tf.Tensor };
};

const read = (value?: tf.Scalar): number => value?.dataSync()[0] as number;
const stateOf = (i: number, name: string): tf.Tensor1D => states[i]?.[name] as tf.Tensor1D;
/** Pieces of a vector by parameter, so that a small one counts as much as a large one. */
const pieces = (vector: tf.Tensor): Tensors => unflatten(vector as tf.Tensor1D, denoiser.parameters);

describe('diffusion/train', () => {
  it('sees images as they are and mirrored', () => {
    const mirrored = [0, 1, 2, 3].flatMap((i) => [...(planOf(i).recipe.mirrored as Uint8Array)]);
    expect(new Set(mirrored)).toEqual(new Set([0, 1]));
    expect(recorded.metrics).toHaveLength(steps);
    expect(recorded.states).toHaveLength(steps - 1);
  });

  it.each([0, 1, 2, 3])(
    "step %i: the losses are the paper's, with lambda, T, m and the identity of the image as shown",
    (i) => {
      const { metrics } = judged(i, stateOf(i, 'w'));
      for (const name of ['loss', 'mse', 'simMat', 'similarity']) {
        expect(recorded.metrics[i]?.[name], name).toBeCloseTo((metrics[name] as tf.Scalar).dataSync()[0] as number, 3);
      }
    },
  );

  it.each([0, 1, 2])('step %i: the moments of AdamW are those of the gradient of that loss', (i) => {
    const { gradient } = judged(i, stateOf(i, 'w'));
    const first = stateOf(i, 'adam.m.w')
      .mul(beta1)
      .add(gradient.mul(1 - beta1));
    const second = stateOf(i, 'adam.v.w')
      .mul(beta2)
      .add(gradient.square().mul(1 - beta2));
    expect(differing(pieces(stateOf(i + 1, 'adam.m.w')), pieces(first), 1e-3)).toEqual([]);
    expect(differing(pieces(stateOf(i + 1, 'adam.v.w')), pieces(second), 1e-3)).toEqual([]);
  });

  it.each([0, 1, 2])('step %i: the weights move by the rate of that step, and decay', (i) => {
    const [m, v, w] = [stateOf(i + 1, 'adam.m.w'), stateOf(i + 1, 'adam.v.w'), stateOf(i, 'w')];
    const [corrected1, corrected2] = [1 - beta1 ** (i + 1), 1 - beta2 ** (i + 1)];
    const direction = m.div(corrected1).div(v.div(corrected2).sqrt().add(eps));
    const wanted = direction.add(w.mul(params.weightDecay)).mul(-(rates[i] as number));
    expect(differing(pieces(stateOf(i + 1, 'w').sub(w)), pieces(wanted), 1e-3)).toEqual([]);
  });

  it.each([0, 1, 2])('step %i: the moving average follows the weights', (i) => {
    const decay = emaDecays[i] as number;
    const wanted = stateOf(i, 'ema')
      .mul(decay)
      .add(stateOf(i + 1, 'w').mul(1 - decay));
    expect(differing(pieces(stateOf(i + 1, 'ema')), pieces(wanted), 1e-5)).toEqual([]);
  });

  it('stores the moving average, which is not the weights', () => {
    const last = stateOf(steps - 1, 'ema');
    const { gradient } = judged(3, stateOf(3, 'w'));
    const m = stateOf(3, 'adam.m.w')
      .mul(beta1)
      .add(gradient.mul(1 - beta1));
    const v = stateOf(3, 'adam.v.w')
      .mul(beta2)
      .add(gradient.square().mul(1 - beta2));
    const direction = m.div(1 - beta1 ** 4).div(
      v
        .div(1 - beta2 ** 4)
        .sqrt()
        .add(eps),
    );
    const w = stateOf(3, 'w');
    const after = w.sub(direction.add(w.mul(params.weightDecay)).mul(rates[3] as number));
    const wanted = last.mul(0.5).add(after.mul(0.5));
    // Where a gradient is almost 0, its sign is rounding: those weights are left out.
    const sure = gradient.abs().greater(1e-6).asType('float32');
    expect(differing(pieces(stored.sub(last).mul(sure)), pieces(wanted.sub(last).mul(sure)), 5e-2)).toEqual([]);
    expect(differing(pieces(stored), pieces(after), 1e-2).length).toBeGreaterThan(0);
  });

  it('measure: euclidean: the loss and its gradient are those of 1 minus the distance, the log shows the cosine', async () => {
    const made = recording(context);
    const similarity = { ...params.similarity, measure: 'euclidean' as const };
    await stage.run({ ...params, similarity, data, recognizer }, made.context);
    const { metrics, states: after } = made.recorded;
    for (const [i, w] of [stateOf(0, 'w'), after[0]?.w as tf.Tensor1D].entries()) {
      const wanted = judged(i, w, 'euclidean');
      for (const name of ['loss', 'mse', 'simMat', 'similarity'])
        expect(metrics[i]?.[name], name).toBeCloseTo((wanted.metrics[name] as tf.Scalar).dataSync()[0] as number, 3);
      // So that the two measures cannot be taken for each other.
      expect(Math.abs((metrics[i]?.simMat as number) - read(judged(i, w).metrics.simMat))).toBeGreaterThan(0.01);
      if (i > 0) continue;
      const first = after[0]?.['adam.m.w'] as tf.Tensor;
      expect(differing(pieces(first), pieces(wanted.gradient.mul(1 - beta1)), 1e-3)).toEqual([]);
    }
  });

  it.each([
    ['microBatch', 2],
    ['recompute', true],
  ])('%s changes no number, up to rounding', async (name, value) => {
    const made = recording(context);
    await stage.run({ ...params, [name]: value, data, recognizer }, made.context);
    for (const [i, { loss, mse, simMat, similarity }] of made.recorded.metrics.entries()) {
      for (const [metric, found] of Object.entries({ loss, mse, simMat, similarity }))
        expect(found, metric).toBeCloseTo(recorded.metrics[i]?.[metric] as number, 3);
    }
    // Of the first moment: weights themselves move by the sign of gradients that are almost 0.
    const last = made.recorded.states.at(-1)?.['adam.m.w'] as tf.Tensor;
    expect(differing({ m: last }, { m: stateOf(steps - 1, 'adam.m.w') }, 2e-2)).toEqual([]);
  });
});
