import { describe, it } from 'vitest';
import { valueAndGradients } from '../../nn/gradients.ts';
import { groupNorm } from '../../nn/kernels/group-norm.ts';
import { downsample2, upsample2 } from '../../nn/kernels/resample.ts';
import { silu } from '../../nn/kernels/silu.ts';
import { batchNormTrain, runningAverage } from '../../nn/layers/batch-norm.ts';
import { conv2d, subsample } from '../../nn/layers/conv.ts';
import { prelu } from '../../nn/layers/prelu.ts';
import { linearParameters, normParameters } from '../../nn/parameters.ts';
import { type Tensors, tf } from '../../nn/tf.ts';
import { attend, projectTokens } from '../../nn/unet/attention.ts';
import {
  cases,
  expectGolden,
  fill,
  fillMap,
  fillParameters,
  fillTensor,
  golden,
  mapValues,
  storedValues,
  type Values,
} from '../golden/values.ts';

const read = (tensor: tf.Tensor): Float32Array => tensor.dataSync() as Float32Array;

/**
 * An operation's result, and the gradients of its probe by every input; inputs of rank 4 are maps, or a weight `w`.
 *
 * @param mean of x; the other inputs have mean 0
 */
const layer = (
  name: string,
  inputs: Record<string, number[]>,
  f: (inputs: Record<string, tf.Tensor>) => tf.Tensor,
  mean = 0,
): Values =>
  tf.tidy(() => {
    const kindOf = (key: string, rank: number) => (rank < 4 ? 'plain' : key === 'w' ? 'weight' : 'map');
    const toOurs = { plain: (t: tf.Tensor) => t, weight: orderOf([2, 3, 1, 0]), map: orderOf([0, 2, 3, 1]) };
    const toTheirs = { plain: (t: tf.Tensor) => t, weight: orderOf([3, 2, 0, 1]), map: orderOf([0, 3, 1, 2]) };
    const keys = Object.keys(inputs);
    const given = keys.map((key) => {
      const shape = inputs[key] as number[];
      return toOurs[kindOf(key, shape.length)](fillTensor(`${name}/${key}`, shape, 1, key === 'x' ? mean : 0));
    });
    const named = (values: tf.Tensor[]) => Object.fromEntries(keys.map((key, i) => [key, values[i] as tf.Tensor]));
    const y = f(named(given));
    const [b, h, w, c] = y.shape as [number, number, number, number];
    const probe = fillMap(`${name}/probe`, [b, c, h, w]);
    const gradients = tf.grads((...values) => tf.sum(tf.mul(f(named(values)), probe)))(given);
    const made = gradients.map((gradient, i) => {
      const key = keys[i] as string;
      return [`gradient/${key}`, read(toTheirs[kindOf(key, gradient.rank)](gradient))];
    });
    return { y: mapValues(y), ...Object.fromEntries(made) } as never;
  }) as unknown as Values;

const orderOf = (order: number[]) => (t: tf.Tensor) => tf.transpose(t, order);

describe('layers beside PyTorch', () => {
  for (const [size, kernel, stride] of [
    [7, 3, 1],
    [7, 3, 2],
    [8, 3, 2],
    [4, 3, 2],
    [7, 1, 2],
  ] as const) {
    it(`convolution ${kernel} × ${kernel}, stride ${stride}, on ${size} pixels`, () => {
      const name = `conv ${size} ${kernel} ${stride}`;
      const made = layer(name, { x: [2, 3, size, size], w: [4, 3, kernel, kernel] }, ({ x, w }) =>
        conv2d(x as tf.Tensor4D, w as tf.Tensor4D, stride),
      );
      expectGolden(made, golden('layers', name), 2e-6);
    });
  }

  const plain: Record<string, [Record<string, number[]>, (inputs: Record<string, tf.Tensor>) => tf.Tensor]> = {
    subsample: [{ x: [2, 3, 7, 7] }, ({ x }) => subsample(x as tf.Tensor4D, 2)],
    downsample: [{ x: [2, 3, 6, 6] }, ({ x }) => downsample2(x as tf.Tensor4D)],
    upsample: [{ x: [2, 3, 3, 3] }, ({ x }) => upsample2(x as tf.Tensor4D)],
    silu: [{ x: [2, 3, 5, 5] }, ({ x }) => silu(x as tf.Tensor)],
    prelu: [{ x: [2, 3, 5, 5], alpha: [3] }, ({ x, alpha }) => prelu(x as tf.Tensor, alpha as tf.Tensor)],
  };
  for (const [name, [inputs, f]] of Object.entries(plain)) {
    it(name, () => expectGolden(layer(name, inputs, f), golden('layers', name), 2e-6));
  }

  // The limit is what float32 allows where a value is 30 deviations from 0.
  for (const [at, mean, limit] of [
    ['', 0, 2e-6],
    [' of mean/std 30', cases.farMean as number, 1e-5],
  ] as const) {
    it(`group norm${at}`, () => {
      const name = `group norm${at}`;
      const made = layer(
        name,
        { x: [2, 8, 5, 5], gamma: [8], beta: [8] },
        ({ x, gamma, beta }) => groupNorm(x as tf.Tensor4D, gamma as tf.Tensor, beta as tf.Tensor, 4),
        mean,
      );
      expectGolden(made, golden('layers', name), limit);
    });

    it(`adaptive group norm${at}`, () => {
      const name = `adaptive group norm${at}`;
      const made = layer(
        name,
        { x: [2, 8, 5, 5], gamma: [8], beta: [8], scale: [2, 8], shift: [2, 8] },
        ({ x, gamma, beta, scale, shift }) =>
          groupNorm(x as tf.Tensor4D, gamma as tf.Tensor, beta as tf.Tensor, 4, {
            film: { scale: scale as tf.Tensor, shift: shift as tf.Tensor },
          }),
        mean,
      );
      expectGolden(made, golden('layers', name), limit);
    });

    it(`batch norm by the batch${at}, and its running statistics`, () => {
      const name = `batch norm${at}`;
      const made = layer(
        name,
        { x: [3, 5, 4, 4], gamma: [5], beta: [5] },
        ({ x, gamma, beta }) => batchNormTrain(x as tf.Tensor4D, gamma as tf.Tensor, beta as tf.Tensor).y,
        mean,
      );
      const x = fillMap(`${name}/x`, [3, 5, 4, 4], 1, mean);
      const batch = batchNormTrain(x, tf.ones([5]), tf.zeros([5]));
      const before = tf.tensor(fill(`${name}/variance`, [5], 0.5, 1));
      const running = {
        'running mean': read(runningAverage(fillTensor(`${name}/mean`, [5], 1, mean), batch.mean)),
        'running variance': read(runningAverage(before, batch.variance)),
      };
      expectGolden({ ...made, ...running }, golden('layers', name), limit);
    });
  }

  it('attention over positions and condition tokens, and its weights', () => {
    const parameters = [
      ...normParameters('attention.norm', 8),
      ...linearParameters('attention.qkv', 8, 24),
      ...linearParameters('attention.encoder_kv', 5, 16),
      ...linearParameters('attention.proj_out', 8, 8),
    ];
    const weights = fillParameters(parameters);
    const block = { type: 'attention', name: 'attention', channels: 8 } as const;
    const config = { ...cases.unet, headChannels: 4, groups: 2 };
    const projected = (w: Tensors, tokens: tf.Tensor) =>
      projectTokens(w, 'attention.encoder_kv', tokens as tf.Tensor3D);
    const made = layer('attention', { x: [2, 8, 3, 3], tokens: [2, 2, 5] }, ({ x, tokens }) =>
      attend(weights, block, x as tf.Tensor4D, projected(weights, tokens as tf.Tensor), config),
    );
    const [x, tokens] = [fillMap('attention/x', [2, 8, 3, 3]), fillTensor('attention/tokens', [2, 2, 5])];
    const probe = fillMap('attention/probe', [2, 8, 3, 3]);
    const { gradients } = valueAndGradients(
      (w) => tf.sum(tf.mul(attend(w, block, x, projected(w, tokens as tf.Tensor), config), probe)) as tf.Scalar,
      weights,
    );
    const wanted = golden('layers', 'attention');
    expectGolden({ ...made, ...storedValues(gradients, parameters, 'gradient/') }, wanted, 2e-6);
  });
});
