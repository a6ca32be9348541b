import { describe, expect, it } from 'vitest';
import { conditionTokens } from '../../../methods/cemiface/condition.ts';
import { cemifaceLoss, measuredSimilarity, similarityMatchingLoss } from '../../../methods/cemiface/loss.ts';
import { cemifaceDenoiser } from '../../../methods/cemiface/network.ts';
import { similarityGrid } from '../../../methods/cemiface/similarity-grid.ts';
import { valueAndGradients } from '../../../nn/gradients.ts';
import { unitRows } from '../../../nn/layers/unit-rows.ts';
import { initialise, type Parameter } from '../../../nn/parameters.ts';
import { embed } from '../../../nn/recognizer/backbone.ts';
import { recognizerConfig } from '../../../nn/recognizer/config.ts';
import { recognizerParameters } from '../../../nn/recognizer/layout.ts';
import { type Tensors, tf } from '../../../nn/tf.ts';
import { layoutOf } from '../../../nn/unet/layout.ts';
import { unet } from '../../../nn/unet/unet.ts';
import { expectGradient } from '../../helpers/gradient-check.ts';
import { tinyNetwork as config, withoutZeros } from './tiny.ts';

const lively = (parameters: readonly Parameter[]): Tensors => initialise(withoutZeros(parameters), 5);

const normal = (shape: number[], seed: number): tf.Tensor => tf.randomNormal(shape, 0, 1, 'float32', seed);

const tinyRecognizer = recognizerConfig('small', {
  imageSize: 8,
  stemWidth: 4,
  widths: [4, 6],
  depths: [1, 1],
  strides: [1, 2],
  embedding: 6,
});

describe('the grid of m', () => {
  it('holds -1, -0.98 … 1', () => {
    const grid = similarityGrid(0.02);
    expect(grid).toHaveLength(101);
    expect([grid[0], grid[1], grid[50], grid[100]]).toEqual([-1, Math.fround(-0.98), 0, 1]);
  });
});

describe('the losses', () => {
  it('L_SimMat weighs reconstruction and matching by gamma = t / T', () => {
    const [s, m, t] = [
      [0.8, 0.1],
      [0.5, -0.4],
      [250, 900],
    ] as [number[], number[], number[]];
    const expected =
      [0, 1].reduce((sum, i) => {
        const gamma = (t[i] as number) / 1000;
        return sum + (1 - gamma) * (1 - (s[i] as number)) ** 2 + gamma * ((m[i] as number) - (s[i] as number)) ** 2;
      }, 0) / 2;
    const got = similarityMatchingLoss(tf.tensor1d(s), tf.tensor1d(m), tf.tensor1d(t), 1000);
    expect(got.dataSync()[0]).toBeCloseTo(expected, 6);
  });

  it('measure similarity by the cosine, or by 1 minus the distance: 1 for equal embeddings, -1 for opposite ones', () => {
    const angles = [0, Math.PI / 3, Math.PI / 2, Math.PI];
    const a = tf.tensor2d(angles.map((angle) => [Math.cos(angle), Math.sin(angle)]));
    const b = tf.tensor2d(angles.map(() => [1, 0]));
    const of = (measure: 'cosine' | 'euclidean'): number[] => [...measuredSimilarity(a, b, measure).dataSync()];
    const wanted = { cosine: [1, 0.5, 0, -1], euclidean: [1, 0, 1 - Math.SQRT2, -1] };
    for (const measure of ['cosine', 'euclidean'] as const)
      of(measure).forEach((s, i) => {
        expect(s, measure).toBeCloseTo(wanted[measure][i] as number, 5);
      });
  });

  it('have a finite gradient by the distance of equal embeddings, and one of length 1 elsewhere', () => {
    const a = tf.tensor2d([
      [0.6, 0.8],
      [1, 0],
    ]);
    const b = tf.tensor2d([
      [0.6, 0.8],
      [0, 1],
    ]);
    const gradient = tf
      .grad((x: tf.Tensor) => measuredSimilarity(x, b, 'euclidean').sum())(a)
      .dataSync();
    [0, 0, -Math.SQRT1_2, Math.SQRT1_2].forEach((value, i) => {
      expect(gradient[i]).toBeCloseTo(value, 5);
    });
  });

  it('has the gradient that differences give, through the UNet and the frozen recognizer', () => {
    const frozen = lively(recognizerParameters(tinyRecognizer).filter(({ name }) => !name.endsWith('running_var')));
    for (const { name, shape } of recognizerParameters(tinyRecognizer)) {
      if (name.endsWith('running_var')) frozen[name] = tf.fill([...shape], 0.8);
    }
    const weights = lively(cemifaceDenoiser(config).parameters);
    const images = tf.clipByValue(normal([2, 8, 8, 3], 3).mul(0.5), -1, 1) as tf.Tensor4D;
    const embedder = (x: tf.Tensor4D): tf.Tensor2D => embed(frozen, x, tinyRecognizer);
    const batch = { images, identity: unitRows(embedder(images)), m: tf.tensor1d([0.5, -0.3]) };
    const noising = {
      clean: images,
      noise: normal([2, 8, 8, 3], 4) as tf.Tensor4D,
      time: tf.tensor1d([100, 400]),
      alphaBar: tf.tensor1d([0.9, 0.5]),
    };
    const embedAs = (weights: Tensors, x: tf.Tensor4D): tf.Tensor2D => embed(weights, x, tinyRecognizer);
    const loss = cemifaceLoss({
      denoiser: cemifaceDenoiser(config),
      embed: embedAs,
      measure: 'cosine',
      lambda: 1,
      timesteps: 1000,
    });
    // L_SimMat alone: whatever reaches the weights went through the recognizer.
    const lossAt = (w: Tensors): tf.Scalar => loss(w, noising, batch, frozen).simMat as tf.Scalar;
    const { gradients } = valueAndGradients(lossAt, weights);
    let checked = 0;
    for (const name of ['out.2.weight', 'condition.sim.weight', 'input_blocks.1.0.in_layers.2.weight']) {
      const weight = weights[name] as tf.Tensor;
      const gradient = Array.from((gradients[name] as tf.Tensor).dataSync());
      const largest = gradient.reduce((best, g, i) => (Math.abs(g) > Math.abs(gradient[best] as number) ? i : best), 0);
      const at = (delta: number): number => {
        const moved = Float32Array.from(weight.dataSync());
        moved[largest] = (moved[largest] as number) + delta;
        return lossAt({ ...weights, [name]: tf.tensor(moved, weight.shape) }).dataSync()[0] as number;
      };
      const numeric = (at(1e-2) - at(-1e-2)) / 2e-2;
      expect(numeric / (gradient[largest] as number), name).toBeCloseTo(1, 1);
      checked++;
    }
    expect(checked).toBe(3);
  });
});

describe('L_MSE', () => {
  it('on the noise that a velocity means is that on the velocity times ᾱ, and the same where noise is predicted', () => {
    const frozen = lively(recognizerParameters(tinyRecognizer));
    for (const { name, shape } of recognizerParameters(tinyRecognizer))
      if (name.endsWith('running_var')) frozen[name] = tf.fill([...shape], 0.8);
    const clean = tf.clipByValue(normal([1, 8, 8, 3], 3).mul(0.5), -1, 1) as tf.Tensor4D;
    const noising = {
      ...{ clean, noise: normal([1, 8, 8, 3], 4) as tf.Tensor4D },
      ...{ time: tf.tensor1d([400]), alphaBar: tf.tensor1d([0.25]) },
    };
    const embedder = (weights: Tensors, x: tf.Tensor4D): tf.Tensor2D => embed(weights, x, tinyRecognizer);
    const batch = { images: clean, identity: unitRows(embedder(frozen, clean)), m: tf.tensor1d([0]) };
    const mse = (prediction: 'epsilon' | 'velocity', on: 'output' | 'noise'): number => {
      const denoiser = cemifaceDenoiser({ ...config, prediction });
      const loss = cemifaceLoss({ denoiser, embed: embedder, measure: 'cosine', mse: on, lambda: 1, timesteps: 1000 });
      return loss(lively(denoiser.parameters), noising, batch, frozen).mse?.dataSync()[0] as number;
    };
    expect(mse('velocity', 'noise') / mse('velocity', 'output')).toBeCloseTo(0.25, 5);
    expect(mse('epsilon', 'noise')).toBe(mse('epsilon', 'output'));
  });
});

describe('the condition tokens', () => {
  it('are F2(concat(C_id, F1(m))), C_id plain or times a factor', () => {
    const { identitySize, conditionSize, conditionTokens: count } = config;
    const weights = lively(cemifaceDenoiser(config).parameters);
    const identity = unitRows(normal([1, identitySize], 7));
    const m = -0.4;
    const read = (name: string): number[] => Array.from((weights[name] as tf.Tensor).dataSync());
    const [f1, f2] = [read('condition.sim.weight'), read('condition.att.weight')];
    const similarity = read('condition.sim.bias').map((bias, i) => bias + (f1[i] as number) * m);
    for (const identityScale of [1, 3]) {
      const joined = [...Array.from(identity.dataSync(), (value) => value * identityScale), ...similarity];
      const expected = read('condition.att.bias').map((bias, column) =>
        joined.reduce((sum, value, row) => sum + value * (f2[row * count * conditionSize + column] as number), bias),
      );
      const tokens = conditionTokens(weights, identity, tf.tensor1d([m]), { ...config, identityScale });
      expect(tokens.shape).toEqual([1, count, conditionSize]);
      const got = tokens.dataSync();
      expected.forEach((value, i) => {
        expect(got[i]).toBeCloseTo(value, 5);
      });
    }
  });
});

describe('the UNet', () => {
  it('keeps the size and listens to time, identity and m', () => {
    const weights = lively(cemifaceDenoiser(config).parameters);
    const x = normal([2, 8, 8, 3], 1) as tf.Tensor4D;
    const at = (time: number, identity: tf.Tensor, m: number): number[] => {
      const tokens = conditionTokens(weights, identity as tf.Tensor2D, tf.tensor1d([m, m]), config);
      const y = unet(weights, x, tf.tensor1d([time, time]), tokens, config);
      expect(y.shape).toEqual([2, 8, 8, 3]);
      return [...y.dataSync()];
    };
    const id = unitRows(normal([2, 6], 2));
    const other = unitRows(normal([2, 6], 3));
    const base = at(10, id, 0);
    expect(at(10, id, 0)).toEqual(base);
    expect(at(500, id, 0)).not.toEqual(base);
    expect(at(10, other, 0)).not.toEqual(base);
    expect(at(10, id, 1)).not.toEqual(base);
  });

  it('starts as the zero function, by its zero-initialised output', () => {
    const weights = initialise(cemifaceDenoiser(config).parameters, 1);
    const tokens = conditionTokens(weights, unitRows(normal([1, 6], 2)), tf.tensor1d([0]), config);
    const y = unet(weights, normal([1, 8, 8, 3], 1) as tf.Tensor4D, tf.tensor1d([3]), tokens, config);
    expect([...y.dataSync()].every((value) => value === 0)).toBe(true);
  });

  it("has the paper's levels at 112 px: 7 × 7 twice, attention at the first of these", () => {
    const paper = { ...config, imageSize: 112, base: 128, multipliers: [1, 1, 2, 2, 4, 4], attention: [4] };
    const layout = layoutOf(paper);
    const resampled = (blocks: readonly (typeof layout.middle)[]): number =>
      blocks.flat().filter((b) => b.type === 'residual' && b.resample !== 'none').length;
    expect(resampled(layout.input)).toBe(4);
    expect(resampled(layout.output)).toBe(4);
    expect(
      [...layout.input, layout.middle, ...layout.output].flat().filter((b) => b.type === 'attention'),
    ).toHaveLength(1 + 1 + 2);
  });

  it('has the gradient that differences give with respect to its input', () => {
    const weights = lively(cemifaceDenoiser(config).parameters);
    const tokens = conditionTokens(weights, unitRows(normal([1, 6], 2)), tf.tensor1d([0.4]), config);
    expectGradient((x) => unet(weights, x as tf.Tensor4D, tf.tensor1d([40]), tokens, config), normal([1, 8, 8, 3], 1), {
      tolerance: 3e-2,
      probes: 6,
    });
  });
});
