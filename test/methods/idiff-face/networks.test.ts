import { describe, expect, it } from 'vitest';
import type { CemiflowError } from '../../../core/errors.ts';
import { decode, encode } from '../../../methods/idiff-face/autoencoder/forward.ts';
import {
  autoencoderParameters,
  codebookName,
  encoderParameters,
} from '../../../methods/idiff-face/autoencoder/layers.ts';
import { nearest } from '../../../methods/idiff-face/autoencoder/quantise.ts';
import { decoderWeights, idiffFaceDenoiser, latentsOf } from '../../../methods/idiff-face/network.ts';
import { contextTokens, transform } from '../../../methods/idiff-face/unet/attention.ts';
import type { ContextUNet } from '../../../methods/idiff-face/unet/config.ts';
import { layoutOf, unetParameters } from '../../../methods/idiff-face/unet/layout.ts';
import { contextUNet } from '../../../methods/idiff-face/unet/unet.ts';
import { compileFunction } from '../../../nn/compile/index.ts';
import { valueAndGradients } from '../../../nn/gradients.ts';
import { downsampleConv2d, upsampleConv2d } from '../../../nn/layers/conv.ts';
import { initialise, parameterCount } from '../../../nn/parameters.ts';
import { type Tensors, tf } from '../../../nn/tf.ts';
import { expectGradient } from '../../helpers/gradient-check.ts';
import { differing } from '../../training/recorder.ts';
import { withoutZeros } from '../cemiface/tiny.ts';
import { tinyAutoencoder, tinyUNet } from './tiny.ts';

const random = (shape: number[], seed: number): tf.Tensor => tf.randomNormal(shape, 0, 1, 'float32', seed);
const published: ContextUNet = {
  ...{ side: 32, channels: 3, base: 96, multipliers: [1, 2, 4, 8], blocks: 2, attention: [1, 2, 3], headChannels: 32 },
  ...{ groups: 32, identitySize: 512, conditionSize: 256, conditionTokens: 32, prediction: 'epsilon' },
};
const weightsOf = (config: ContextUNet): Tensors => initialise(withoutZeros(unetParameters(config)), 1);

describe('the UNet', () => {
  it('has as many parameters as the published one', () => {
    // Written at the head of the published configuration.
    expect(parameterCount(unetParameters(published))).toBe(216_341_187);
  });

  it('gives latents of the shape that it takes, also where a level has an odd size', () => {
    for (const multipliers of [[1, 2], [1, 2, 2], [1]]) {
      const config = { ...tinyUNet, multipliers, attention: [multipliers.length - 1] };
      const made = tf.tidy(() =>
        contextUNet(
          weightsOf(config),
          random([2, 6, 6, 3], 1) as tf.Tensor4D,
          tf.tensor1d([3, 40]),
          random([2, 8], 2) as tf.Tensor2D,
          config,
        ),
      );
      expect(made.shape).toEqual([2, 6, 6, 3]);
      expect(made.dataSync().every(Number.isFinite)).toBe(true);
    }
    const sizes = layoutOf({ ...tinyUNet, multipliers: [1, 2, 2] });
    expect(sizes.down.flatMap((each) => (each.type === 'down' ? [each.halved] : []))).toEqual([true, false]);
    expect(sizes.up.flatMap((each) => (each.type === 'up' ? [each.doubled] : []))).toEqual([false, true]);
  });

  it('depends on time and context, and begins as zero', () => {
    const weights = weightsOf(tinyUNet);
    const x = random([1, 6, 6, 3], 1) as tf.Tensor4D;
    const run = (w: Tensors, time: number, seed: number): number[] => [
      ...contextUNet(w, x, tf.tensor1d([time]), random([1, 8], seed) as tf.Tensor2D, tinyUNet).dataSync(),
    ];
    expect(run(weights, 3, 2)).not.toEqual(run(weights, 4, 2));
    expect(run(weights, 3, 2)).not.toEqual(run(weights, 3, 5));
    const first = initialise(unetParameters(tinyUNet), 1);
    expect(new Set(run(first, 3, 2).map(Math.abs))).toEqual(new Set([0]));
  });

  it('refuses attention at a level that there is not', () => {
    expect(() => layoutOf({ ...tinyUNet, attention: [2] })).toThrow(
      expect.objectContaining({ code: 'NetworkInvalid' } satisfies Partial<CemiflowError>),
    );
  });

  it('has the gradients of its ops when it is compiled', () => {
    // Biases of scale and shift, and the convolution before, read outputs of one op: see `keptGradients`.
    const config = { ...tinyUNet, multipliers: [1], attention: [] };
    const { 'context_emb.weight': _, 'context_emb.bias': __, ...weights } = weightsOf(config);
    const inputs = { x: random([2, 6, 6, 3], 1), time: tf.tensor1d([3, 40]), context: random([2, 8], 2) };
    const gradients = (compiled: boolean): Tensors => {
      const made = compileFunction(
        (w, { x, time, context }) =>
          valueAndGradients((given) => {
            const output = contextUNet(given, x as tf.Tensor4D, time as tf.Tensor1D, context as tf.Tensor2D, config);
            return output.square().sum() as tf.Scalar;
          }, w).gradients,
        weights,
        inputs,
        { compiled },
      );
      const found = made.run(inputs);
      made.dispose();
      return found;
    };
    const wanted = gradients(false);
    expect(differing(gradients(true), wanted, 1e-4)).toEqual([]);
  }, 60_000);

  it('has the same gradients where modules are run again', () => {
    // The context is given: what makes it is no part of the function.
    const { 'context_emb.weight': _, 'context_emb.bias': __, ...weights } = weightsOf(tinyUNet);
    const x = random([1, 6, 6, 3], 1) as tf.Tensor4D;
    const names = Object.keys(weights);
    const gradients = (recompute: boolean): tf.Tensor[] =>
      tf.grads((...values) => {
        const named = Object.fromEntries(names.map((name, i) => [name, values[i] as tf.Tensor]));
        const context = random([1, 8], 2) as tf.Tensor2D;
        return contextUNet(named, x, tf.tensor1d([7]), context, tinyUNet, { recompute })
          .square()
          .sum() as tf.Scalar;
      })(Object.values(weights));
    const [plain, again] = [gradients(false), gradients(true)];
    const named = (gradients: tf.Tensor[]): Tensors =>
      Object.fromEntries(names.map((name, i) => [name, gradients[i]])) as Tensors;
    // Gradients that meet are added up in another order.
    expect(differing(named(again), named(plain), 1e-5)).toEqual([]);
  });
});

describe('the denoiser', () => {
  const network = { ...tinyUNet, imageSize: 12, latentScale: 3, autoencoder: tinyAutoencoder };
  const spread = autoencoderParameters(tinyAutoencoder).map((each) =>
    each.name === codebookName ? { ...each, init: { type: 'normal', std: 0.3 } as const } : each,
  );
  const weights = initialise(spread, 1);
  const images = random([2, 12, 12, 3], 1) as tf.Tensor4D;

  it('learns scaled latents before they are quantised, and decodes the nearest codes', () => {
    const latents = encode(weights, images, tinyAutoencoder);
    const scaled = latentsOf(weights, images, network);
    expect(differing({ x: scaled }, { x: latents.mul(3) }, 1e-6)).toEqual([]);
    const codes = nearest(latents, weights[codebookName] as tf.Tensor2D);
    const wanted = decode(weights, codes, tinyAutoencoder).clipByValue(-1, 1);
    const made = idiffFaceDenoiser(network).decode?.(decoderWeights(weights), scaled) as tf.Tensor;
    expect(differing({ x: made }, { x: wanted }, 1e-5)).toEqual([]);
    expect(differing({ x: decode(weights, latents, tinyAutoencoder) }, { x: wanted }, 1e-2)).toHaveLength(1);
  });

  it('takes scale and shift of the time from the layers of these names', () => {
    const { parameters, predict } = idiffFaceDenoiser(network);
    const all = initialise(withoutZeros(parameters), 1);
    const run = (changed: Tensors): Tensors => ({
      x: predict({ ...all, ...changed }, random([1, 6, 6, 3], 2) as tf.Tensor4D, tf.tensor1d([5]), {
        identity: random([1, 6], 3),
      }),
    });
    const name = 'up.4.res';
    // A scale of −1 leaves the shift alone: what the norm gives no longer matters, and so conv1 does not.
    const off = {
      [`${name}.scale_emb.weight`]: tf.zeros([8, 8]),
      [`${name}.scale_emb.bias`]: tf.fill([8], -1),
      [`${name}.norm2.norm.bias`]: tf.zeros([8]),
    };
    const other = { [`${name}.conv1.weight`]: random([3, 3, 16, 8], 4) };
    expect(differing(run({ ...off, ...other }), run(off), 1e-6)).toEqual([]);
    expect(differing(run(other), run({}), 1e-3)).toHaveLength(1);
  });
});

describe('the transformer block', () => {
  const weights = initialise(withoutZeros(unetParameters(tinyUNet)), 3);
  const name = 'middle.attn';

  it('takes value d · K + k of its layer as channel d of token k', () => {
    const bias = Float32Array.from({ length: 16 }, (_, i) => i);
    const plain = {
      ...weights,
      [`${name}.c_proj_in.weight`]: tf.zeros([8, 16]),
      [`${name}.c_proj_in.bias`]: tf.tensor1d(bias),
      [`${name}.c_norm.weight`]: tf.ones([8]),
      [`${name}.c_norm.bias`]: tf.zeros([8]),
    };
    const tokens = contextTokens(plain, name, tf.zeros([1, 8]), { conditionTokens: 2, groups: 1 });
    expect(tokens.shape).toEqual([1, 2, 8]);
    const sigma = Math.sqrt(bias.reduce((sum, value) => sum + (value - 7.5) ** 2, 0) / 16 + 1e-5);
    [...tokens.dataSync()].forEach((value, at) => {
      const [k, d] = [Math.floor(at / 8), at % 8];
      expect(value).toBeCloseTo((2 * d + k - 7.5) / sigma, 4);
    });
  });

  it('has the gradients of its function', () => {
    const context = random([1, 8], 4) as tf.Tensor2D;
    const x = random([1, 3, 3, 16], 5);
    expectGradient((given) => transform(weights, name, given as tf.Tensor4D, context, tinyUNet), x);
    expectGradient((given) => transform(weights, name, x as tf.Tensor4D, given as tf.Tensor2D, tinyUNet), context);
  });
});

describe('the autoencoder', () => {
  it('gives latents of a fraction of the size, and images of the whole', () => {
    for (const multipliers of [
      [1, 2],
      [1, 2, 2],
    ]) {
      const config = { ...tinyAutoencoder, multipliers, groups: 32 };
      const weights = initialise(autoencoderParameters(config), 1);
      const images = random([2, 8, 12, 3], 1) as tf.Tensor4D;
      const f = 2 ** (multipliers.length - 1);
      const latents = encode(weights, images, config);
      expect(latents.shape).toEqual([2, 8 / f, 12 / f, 3]);
      expect(decode(weights, latents, config).shape).toEqual([2, 8, 12, 3]);
    }
  });

  it('has the names of the published one', () => {
    const config = { base: 128, multipliers: [1, 2, 4], blocks: 2, groups: 32, channels: 3, codes: 8192 };
    const names = new Map(autoencoderParameters(config).map(({ name, shape }) => [name, shape]));
    expect(names.get('encoder.down.1.block.0.nin_shortcut.weight')).toEqual([1, 1, 128, 256]);
    expect(names.get('encoder.down.1.downsample.conv.weight')).toEqual([3, 3, 256, 256]);
    expect(names.get('encoder.mid.attn_1.proj_out.weight')).toEqual([1, 1, 512, 512]);
    expect(names.get('decoder.up.2.block.2.conv2.weight')).toEqual([3, 3, 512, 512]);
    expect(names.get('decoder.up.1.upsample.conv.weight')).toEqual([3, 3, 256, 256]);
    expect(names.get('quantize.embedding.weight')).toEqual([8192, 3]);
    expect([...names.keys()].some((name) => name.startsWith('decoder.up.0.upsample'))).toBe(false);
  });

  it('has the gradients of its function', () => {
    const weights = initialise(encoderParameters(tinyAutoencoder), 1);
    expectGradient((x) => encode(weights, x as tf.Tensor4D, tinyAutoencoder), random([1, 4, 4, 3], 2));
    const decoder = initialise(autoencoderParameters(tinyAutoencoder), 1);
    expectGradient((x) => decode(decoder, x as tf.Tensor4D, tinyAutoencoder), random([1, 2, 2, 3], 3));
  });
});

describe('convolutions that change the size', () => {
  const [x, w] = [random([1, 4, 6, 2], 1) as tf.Tensor4D, random([3, 3, 2, 3], 2) as tf.Tensor4D];

  it('pad behind the image alone', () => {
    const made = downsampleConv2d(x, w);
    expect(made.shape).toEqual([1, 2, 3, 3]);
    const [image, filter] = [x.arraySync(), w.arraySync()];
    const at = (row: number, column: number, to: number): number => {
      let sum = 0;
      for (let i = 0; i < 3; i++)
        for (let j = 0; j < 3; j++)
          for (let from = 0; from < 2; from++)
            sum += (image[0]?.[2 * row + i]?.[2 * column + j]?.[from] ?? 0) * (filter[i]?.[j]?.[from]?.[to] as number);
      return sum;
    };
    for (const [row, column] of [
      [0, 0],
      [1, 2],
    ] as const)
      for (let to = 0; to < 3; to++)
        expect(made.arraySync()[0]?.[row]?.[column]?.[to]).toBeCloseTo(at(row, column, to), 4);
  });

  it("double it as PyTorch's ConvTranspose2d of kernel 4, stride 2 and padding 1 does", () => {
    const filter = random([4, 4, 3, 2], 3) as tf.Tensor4D;
    const made = upsampleConv2d(x, filter);
    expect(made.shape).toEqual([1, 8, 12, 3]);
    const wanted = new Float64Array(8 * 12 * 3);
    const [image, weight] = [x.arraySync(), filter.arraySync()];
    for (let i = 0; i < 4; i++)
      for (let j = 0; j < 6; j++)
        for (let a = 0; a < 4; a++)
          for (let b = 0; b < 4; b++) {
            const [row, column] = [2 * i + a - 1, 2 * j + b - 1];
            if (row < 0 || row >= 8 || column < 0 || column >= 12) continue;
            for (let to = 0; to < 3; to++)
              for (let from = 0; from < 2; from++) {
                const place = (row * 12 + column) * 3 + to;
                const value = (image[0]?.[i]?.[j]?.[from] as number) * (weight[a]?.[b]?.[to]?.[from] as number);
                wanted[place] = (wanted[place] as number) + value;
              }
          }
    [...made.dataSync()].forEach((value, i) => {
      expect(value).toBeCloseTo(wanted[i] as number, 4);
    });
  });

  it('have the gradients of their functions', () => {
    const filter = random([4, 4, 3, 2], 3);
    expectGradient((given) => upsampleConv2d(given as tf.Tensor4D, filter as tf.Tensor4D), x);
    expectGradient((given) => upsampleConv2d(x, given as tf.Tensor4D), filter);
    expectGradient((given) => downsampleConv2d(given as tf.Tensor4D, w), x);
    expectGradient((given) => downsampleConv2d(x, given as tf.Tensor4D), w);
  });
});
