import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compileFunction } from '../../nn/compile/index.ts';
import { inceptionMultiplications, inceptionParameters } from '../../nn/inception/layout.ts';
import { inceptionFeatures, inceptionImages } from '../../nn/inception/network.ts';
import { averagePool, maxPool } from '../../nn/inception/pool.ts';
import { parameterCount } from '../../nn/parameters.ts';
import { type Tensors, tf } from '../../nn/tf.ts';
import { expectGolden, fillMap, golden, mapValues, type Values } from '../golden/values.ts';
import { measuredMultiplications } from '../helpers/measured-multiplications.ts';
import { filledInception } from './inception.ts';

/** The images of `test/golden/inception.py`. @returns float32 [2, H, W, 3] in [-1, 1] */
const images = (height: number, width: number): tf.Tensor4D =>
  tf.concat([
    fillMap(`varied/${height}`, [1, 3, height, width]),
    fillMap(`dark/${height}`, [1, 3, height, width], 0.25, -0.5),
  ]);

describe("the FID's resizing beside PyTorch's", () => {
  const kept = [0, 1, 4, 30, 149, 297, 298];

  it.each([
    [32, 32],
    [112, 96],
    [400, 301],
  ])('of %i × %i pixels: corners, borders and inside', (height, width) => {
    const found = tf.tidy(() => {
      const resized = inceptionImages(images(height, width));
      return mapValues(tf.gather(tf.gather(resized, kept, 1), kept, 2));
    });
    expectGolden({ x: found }, { x: golden('inception', 'resized')[height] as Float32Array }, 5e-5);
  });
});

describe("the FID's pools beside PyTorch's", () => {
  const x = fillMap('map', [2, 3, 6, 5]);
  const wanted = golden('inception', 'pool');

  it('average without the places outside the map, and maxima at stride 1 and 2', () => {
    const found = { average: averagePool(x), max: maxPool(x, 1), 'max strided': maxPool(x, 2) };
    const values = Object.entries(found).map(([name, pooled]) => [name, mapValues(pooled)]);
    expectGolden(Object.fromEntries(values), wanted, 1e-6);
  });

  it('do the same in a compiled graph', () => {
    const pools = (map: tf.Tensor) => {
      const made = {
        average: averagePool,
        max: (y: tf.Tensor4D) => maxPool(y, 1),
        strided: (y: tf.Tensor4D) => maxPool(y, 2),
      };
      return Object.fromEntries(Object.entries(made).map(([name, pool]) => [name, pool(map as tf.Tensor4D)]));
    };
    const compiled = compileFunction((_, { map }) => pools(map as tf.Tensor), {}, { map: x });
    const [found, eager] = [compiled.run({ map: x }), pools(x)];
    for (const [name, pooled] of Object.entries(eager)) expect(found[name]?.dataSync()).toEqual(pooled.dataSync());
    compiled.dispose();
  });
});

describe("the FID's network beside PyTorch's", () => {
  let weights: Tensors;
  beforeAll(() => {
    weights = filledInception();
  });
  afterAll(() => tf.dispose(weights));

  it.each([
    [32, 32],
    [112, 96],
  ])(
    'features of images of %i × %i pixels, eager and compiled',
    (height, width) => {
      const resized = inceptionImages(images(height, width));
      const wanted: Values = { x: golden('inception', 'features')[height] as Float32Array };
      const eager = tf.tidy(() => inceptionFeatures(weights, resized));
      expectGolden({ x: eager.dataSync() }, wanted, 5e-6);
      const compiled = compileFunction((w, { x }) => ({ rows: inceptionFeatures(w, x as tf.Tensor4D) }), weights, {
        x: resized,
      });
      expectGolden({ x: compiled.run({ x: resized }).rows?.dataSync() as Float32Array }, wanted, 5e-6);
      compiled.dispose();
    },
    120_000,
  );

  it('in bfloat16 gives nearly the same features', () => {
    const resized = inceptionImages(images(32, 32));
    const compiled = compileFunction(
      (w, { x }) => ({ rows: inceptionFeatures(w, x as tf.Tensor4D) }),
      weights,
      { x: resized },
      { precision: 'bfloat16' },
    );
    const found = compiled.run({ x: resized }).rows?.dataSync() as Float32Array;
    compiled.dispose();
    const wanted = golden('inception', 'features')[32] as Float32Array;
    const apart = Math.hypot(...found.map((value, i) => value - (wanted[i] as number))) / Math.hypot(...wanted);
    expect(apart).toBeGreaterThan(1e-5);
    expect(apart).toBeLessThan(0.05);
  }, 120_000);

  it('has 21.8 million parameters, and every multiplication is counted', () => {
    const statistics = inceptionParameters.filter(({ name }) => name.includes('running_'));
    // torchvision's Inception3 without AuxLogits has 23,834,568, of which its classifier of 1000 classes has 2,049,000.
    expect(parameterCount(inceptionParameters) - parameterCount(statistics)).toBe(23_834_568 - 2_049_000);
    const found = measuredMultiplications(() => inceptionFeatures(weights, tf.zeros([1, 299, 299, 3])));
    expect(inceptionMultiplications()).toBe(found);
    expect(found / 1e9).toBeCloseTo(5.7, 1);
  }, 120_000);
});
