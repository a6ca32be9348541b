import { describe, expect, it } from 'vitest';
import { initialise, parameterCount } from '../../../nn/parameters.ts';
import { embed, forwardTrain } from '../../../nn/recognizer/backbone.ts';
import { presets, recognizerConfig, unitsOf } from '../../../nn/recognizer/config.ts';
import { multiplications, recognizerParameters } from '../../../nn/recognizer/layout.ts';
import { type Tensors, tf } from '../../../nn/tf.ts';
import { fromSafetensors, toSafetensors } from '../../../nn/weights.ts';
import { normal, slopes, values } from './support.ts';

const tiny = recognizerConfig('small', {
  variant: 'ir_se',
  stemWidth: 16,
  widths: [16, 32],
  depths: [1, 2],
  strides: [2, 2],
  embedding: 8,
  imageSize: 12,
});

/** Random parameters, with running statistics that are not the first ones. */
const weightsOf = (config = tiny): Tensors =>
  Object.fromEntries(
    recognizerParameters(config).map(({ name, shape }) => {
      const random = normal(name, [...shape], 0.3);
      const positive = name.endsWith('running_var') || (name.endsWith('weight') && shape.length === 1);
      return [name, positive ? tf.add(tf.square(random), 0.5) : random];
    }),
  );

/** The network in PyTorch's own terms: NCHW loops over stored weights, unit by unit, without any tensor library. */
const reference = (stored: ReturnType<typeof toSafetensors>, image: number[][][], config = tiny): number[] => {
  type Map3 = number[][][];
  const at = (name: string) => (stored[name] as { data: Float32Array }).data;
  const shape = (name: string) => (stored[name] as { shape: number[] }).shape;
  const conv = (x: Map3, name: string, stride: number): Map3 => {
    const [out, , k] = shape(name) as [number, number, number];
    const w = at(name);
    const pad = Math.floor(k / 2);
    const size = Math.ceil((x[0] as number[][]).length / stride);
    return Array.from({ length: out }, (_, o) =>
      Array.from({ length: size }, (_, i) =>
        Array.from({ length: size }, (_, j) => {
          let sum = 0;
          for (let c = 0; c < x.length; c++)
            for (let p = 0; p < k; p++)
              for (let q = 0; q < k; q++)
                sum +=
                  (x[c]?.[i * stride + p - pad]?.[j * stride + q - pad] ?? 0) *
                  (w[((o * x.length + c) * k + p) * k + q] as number);
          return sum;
        }),
      ),
    );
  };
  const each = (x: Map3, f: (value: number, channel: number) => number): Map3 =>
    x.map((rows, c) => rows.map((row) => row.map((v) => f(v, c))));
  const norm = (x: Map3, name: string): Map3 =>
    each(x, (v, c) => {
      const inverse = 1 / Math.sqrt((at(`${name}.running_var`)[c] as number) + 1e-5);
      const y = (v - (at(`${name}.running_mean`)[c] as number)) * inverse;
      return stored[`${name}.weight`] ? y * (at(`${name}.weight`)[c] as number) + (at(`${name}.bias`)[c] as number) : y;
    });
  const prelu = (x: Map3, name: string): Map3 => each(x, (v, c) => (v > 0 ? v : v * (at(name)[c] as number)));
  let h = prelu(norm(conv(image, 'input_layer.0.weight', config.stemStride), 'input_layer.1'), 'input_layer.2.weight');
  for (const { name, from, to, stride } of unitsOf(config)) {
    const shortcut =
      from === to
        ? h.map((rows) => rows.filter((_, i) => i % stride === 0).map((row) => row.filter((_, j) => j % stride === 0)))
        : norm(conv(h, `${name}.shortcut_layer.0.weight`, stride), `${name}.shortcut_layer.1`);
    let r = conv(norm(h, `${name}.res_layer.0`), `${name}.res_layer.1.weight`, 1);
    r = prelu(norm(r, `${name}.res_layer.2`), `${name}.res_layer.3.weight`);
    r = norm(conv(r, `${name}.res_layer.4.weight`, stride), `${name}.res_layer.5`);
    const pooled = r.map((rows) => [[rows.flat().reduce((a, b) => a + b) / rows.flat().length]]);
    const hidden = each(conv(pooled, `${name}.res_layer.se_block.fc1.weight`, 1), (v) => Math.max(0, v));
    const gate = conv(hidden, `${name}.res_layer.se_block.fc2.weight`, 1).map(
      (m) => 1 / (1 + Math.exp(-((m[0] as number[])[0] as number))),
    );
    h = r.map((rows, c) =>
      rows.map((row, i) => row.map((v, j) => v * (gate[c] as number) + (shortcut[c]?.[i]?.[j] as number))),
    );
  }
  const flat = norm(h, 'output_layer.0').flat(2);
  const rows = Array.from({ length: config.embedding }, (_, o) => [
    [
      flat.reduce(
        (sum, v, i) => sum + v * (at('output_layer.3.weight')[o * flat.length + i] as number),
        at('output_layer.3.bias')[o] as number,
      ),
    ],
  ]);
  return norm(rows, 'output_layer.4').flat(2);
};

describe('backbone', () => {
  it('has the published numbers of trainable parameters', () => {
    const trained = (preset: keyof typeof presets): number =>
      parameterCount(recognizerParameters(recognizerConfig(preset)).filter(({ trained }) => trained));
    // IR-50 and IR-SE50 as published; the others as PyTorch counts them (bench/peers/networks.py).
    expect(Object.fromEntries((Object.keys(presets) as (keyof typeof presets)[]).map((p) => [p, trained(p)]))).toEqual({
      small: 511_032,
      ir_18: 24_020_352,
      ir_34: 34_134_080,
      ir_50: 43_585_600,
      ir_100: 65_150_912,
      ir_se_50: 43_808_320,
      ir_se_100: 65_523_136,
      iresnet_18: 24_025_088,
      iresnet_34: 34_138_816,
      iresnet_50: 43_590_336,
      iresnet_100: 65_155_648,
    });
  });

  it("has InsightFace's names, shortcuts and frozen weight for IResNet-50", () => {
    const config = recognizerConfig('iresnet_50');
    const parameters = recognizerParameters(config);
    const names = parameters.map(({ name }) => name);
    expect(names).toContain('layer3.13.prelu.weight');
    expect(names.filter((name) => name.includes('downsample.0'))).toEqual(
      [1, 2, 3, 4].map((stage) => `layer${stage}.0.downsample.0.weight`),
    );
    expect(names.slice(-6)).toEqual([
      'fc.weight',
      'fc.bias',
      ...['weight', 'bias', 'running_mean', 'running_var'].map((part) => `features.${part}`),
    ]);
    const untrained = parameters.filter(({ name, trained }) => !trained && !name.includes('running'));
    expect(untrained.map(({ name }) => name)).toEqual(['features.weight']);
  });

  it("has AdaFace's names and strides for IR-50", () => {
    const config = recognizerConfig('ir_50');
    const names = recognizerParameters(config).map(({ name }) => name);
    expect(names).toContain('body.3.shortcut_layer.1.running_var');
    expect(names.filter((name) => name.includes('shortcut_layer.0'))).toEqual(
      [3, 7, 21].map((i) => `body.${i}.shortcut_layer.0.weight`),
    );
    expect(names.slice(-4)).toEqual([
      'output_layer.3.weight',
      'output_layer.3.bias',
      'output_layer.4.running_mean',
      'output_layer.4.running_var',
    ]);
    expect(unitsOf(config).flatMap(({ stride }, i) => (stride === 2 ? [i] : []))).toEqual([0, 3, 7, 21]);
    // 6.3 billion multiplications, as published for IR-50 at 112 pixels.
    expect(multiplications(config) / 1e9).toBeCloseTo(6.3, 1);
  });

  it('drops as published: 0.4 in AdaFace’s networks, nothing in InsightFace’s', () => {
    for (const [name, { variant, dropout, channels }] of Object.entries(presets)) {
      if (name === 'small') continue;
      expect(dropout, name).toBe(variant === 'iresnet' ? 0 : 0.4);
      expect(channels, name).toBe('rgb');
    }
  });

  it('refuses lists of different lengths', () => {
    expect(() => recognizerConfig('small', { widths: [8, 8] })).toThrow(/one value a stage/);
  });

  it('gives what the same weights give in PyTorch layout, loop by loop', () => {
    const weights = weightsOf();
    const x = normal('image', [1, 12, 12, 3]) as tf.Tensor4D;
    const image = tf.tidy(() => tf.transpose(x, [0, 3, 1, 2]).arraySync() as number[][][][]);
    const wanted = reference(toSafetensors(weights, recognizerParameters(tiny)), image[0] as number[][][]);
    const before = tf.memory().numTensors;
    const features = tf.tidy(() => embed(weights, x, tiny));
    expect(tf.memory().numTensors).toBe(before + 1);
    for (const [i, value] of values(features).entries()) {
      expect(Math.abs(value - (wanted[i] as number))).toBeLessThan(2e-3 * Math.max(1, Math.abs(wanted[i] as number)));
    }
  });

  it('training mode with the batch as running statistics equals inference mode', () => {
    const weights = weightsOf();
    const x = normal('batch', [8, 12, 12, 3]) as tf.Tensor4D;
    const first = forwardTrain(weights, weights, x, tiny);
    // From unbiased batch statistics with weight 0.1 back to the biased ones that the batch was normalised by.
    const restored: Tensors = { ...weights };
    for (const { name, size } of mapSizes()) {
      const count = 8 * size * size;
      const batch = (part: string): tf.Tensor =>
        tf.mul(
          tf.sub(first.running[`${name}.${part}`] as tf.Tensor, tf.mul(weights[`${name}.${part}`] as tf.Tensor, 0.9)),
          10,
        );
      restored[`${name}.running_mean`] = batch('running_mean');
      restored[`${name}.running_var`] = tf.mul(batch('running_var'), (count - 1) / count);
    }
    const inferred = embed(restored, x, tiny);
    expect(values(tf.max(tf.abs(tf.sub(inferred, first.features))))[0]).toBeLessThan(2e-2);
  });

  it('passes gradients of cos(E(x), target) to the pixels, as finite differences say', () => {
    const weights = weightsOf();
    const x = normal('image', [2, 12, 12, 3]) as tf.Tensor4D;
    const target = normal('target', [2, 8]);
    const loss = (v: tf.Tensor): tf.Scalar => {
      const features = embed(weights, v as tf.Tensor4D, tiny);
      const cosine = tf.div(
        tf.sum(tf.mul(features, target), 1),
        tf.mul(tf.norm(features, 2, 1), tf.norm(target, 2, 1)),
      );
      return tf.sum(tf.square(tf.sub(1, cosine)));
    };
    for (const direction of ['a', 'b', 'c']) {
      const { analytic, numeric } = slopes(loss, x, normal(direction, x.shape), 1e-3);
      expect(Math.abs(analytic - numeric)).toBeLessThan(0.02 * Math.abs(numeric) + 2e-3);
    }
  });

  it('drops out by the seed alone, and keeps the mean', () => {
    const config = { ...tiny, dropout: 0.4 };
    const weights = weightsOf(config);
    const x = normal('batch', [4, 12, 12, 3]) as tf.Tensor4D;
    const run = (seed: number): number[] =>
      values(forwardTrain(weights, weights, x, config, { dropoutSeed: tf.tensor1d([seed, 5], 'int32') }).features);
    expect(run(1)).toEqual(run(1));
    expect(run(1)).not.toEqual(run(2));
  });

  it('reads BGR networks from RGB images', () => {
    const weights = weightsOf();
    const x = normal('image', [1, 12, 12, 3]) as tf.Tensor4D;
    expect(values(embed(weights, x, { ...tiny, channels: 'bgr' }))).toEqual(
      values(embed(weights, tf.reverse(x, 3), tiny)),
    );
  });

  it('comes back from a file with Lightning prefixes', () => {
    const parameters = recognizerParameters(tiny);
    const weights = initialise(parameters, 3);
    const stored = Object.fromEntries(
      Object.entries(toSafetensors(weights, parameters)).map(([name, tensor]) => [`model.${name}`, tensor]),
    );
    const back = fromSafetensors(stored, parameters);
    for (const { name } of parameters)
      expect(values(back[name] as tf.Tensor)).toEqual(values(weights[name] as tf.Tensor));
  });
});

/** Every normalisation and the size of the map that it sees. */
const mapSizes = (): { name: string; size: number }[] => {
  const last = 2;
  const units = unitsOf(tiny).flatMap(({ name, size: [size], from, to, stride }) => [
    { name: `${name}.res_layer.0`, size },
    { name: `${name}.res_layer.2`, size },
    { name: `${name}.res_layer.5`, size: Math.ceil(size / stride) },
    ...(from === to ? [] : [{ name: `${name}.shortcut_layer.1`, size: Math.ceil(size / stride) }]),
  ]);
  return [
    { name: 'input_layer.1', size: 6 },
    ...units,
    { name: 'output_layer.0', size: last },
    { name: 'output_layer.4', size: 1 },
  ];
};
