import { describe, expect, it } from 'vitest';
import type { Denoiser } from '../../../nn/diffusion/denoiser.ts';
import { cleanSamples, impliedNoise, predictedNoise, qSample, velocity } from '../../../nn/diffusion/prediction.ts';
import { compileSampler } from '../../../nn/diffusion/sampler.ts';
import { linearSchedule } from '../../../nn/diffusion/schedule.ts';
import { ancestralUpdate, ddimUpdate, type SamplerKind, samplingSteps } from '../../../nn/diffusion/steps.ts';
import { type Tensors, tf } from '../../../nn/tf.ts';

const normal = (shape: number[], seed: number): tf.Tensor => tf.randomNormal(shape, 0, 1, 'float32', seed);

describe('the schedule', () => {
  it('has linear betas and their running product', () => {
    const { beta, alphaBar } = linearSchedule(1000);
    expect(beta[0]).toBeCloseTo(1e-4, 12);
    expect(beta[999]).toBeCloseTo(2e-2, 12);
    // Independently: the sum of logarithms.
    const logSum = Array.from(beta).reduce((sum, b) => sum + Math.log1p(-b), 0);
    expect(alphaBar[999]).toBeCloseTo(Math.exp(logSum), 12);
    expect(alphaBar[999]).toBeGreaterThan(4.0e-5);
    expect(alphaBar[999]).toBeLessThan(4.1e-5);
  });

  it('multiplies the ratio of signal to noise at every time, and with a factor of 1 changes no bit', () => {
    const plain = linearSchedule(1000);
    expect(linearSchedule(1000, 1)).toEqual(plain);
    const { beta, alphaBar } = linearSchedule(1000, 12.25);
    const ratio = (a = Number.NaN): number => a / (1 - a);
    let product = 1;
    for (let t = 0; t < 1000; t++) {
      expect(ratio(alphaBar[t]) / ratio(plain.alphaBar[t])).toBeCloseTo(12.25, 8);
      product *= 1 - (beta[t] as number);
      expect(product / (alphaBar[t] as number)).toBeCloseTo(1, 8);
    }
  });
});

describe('noising', () => {
  it('q_sample and its inversion agree', () => {
    const images = tf.clipByValue(normal([2, 4, 4, 3], 1), -1, 1) as tf.Tensor4D;
    const noise = normal([2, 4, 4, 3], 2) as tf.Tensor4D;
    const alphaBar = tf.tensor1d([0.9, 0.3]);
    const noisy = qSample(images, noise, alphaBar);
    const x = images.dataSync()[50] as number;
    const e = noise.dataSync()[50] as number;
    expect(noisy.dataSync()[50]).toBeCloseTo(Math.sqrt(0.3) * x + Math.sqrt(0.7) * e, 5);
    const byNoise = cleanSamples(noisy, noise, alphaBar, { prediction: 'epsilon', clip: true }).dataSync();
    const byVelocity = cleanSamples(noisy, velocity(images, noise, alphaBar), alphaBar, {
      prediction: 'velocity',
      clip: true,
    }).dataSync();
    images.dataSync().forEach((value, i) => {
      expect(byNoise[i]).toBeCloseTo(value, 4);
      expect(byVelocity[i]).toBeCloseTo(value, 4);
    });
  });

  it('a velocity stands for the noise that is in the image, and so does the image itself', () => {
    const images = normal([2, 4, 4, 3], 1) as tf.Tensor4D;
    const noise = normal([2, 4, 4, 3], 2) as tf.Tensor4D;
    const alphaBar = tf.tensor1d([0.9, 0.3]);
    const v = velocity(images, noise, alphaBar);
    const found = predictedNoise(qSample(images, noise, alphaBar), v, alphaBar, 'velocity').dataSync();
    const one = tf.slice(images, 1, 1) as tf.Tensor4D;
    const noisy = tf.slice(qSample(images, noise, alphaBar), 1, 1) as tf.Tensor4D;
    const implied = impliedNoise(noisy, one, tf.scalar(0.3)).dataSync();
    noise.dataSync().forEach((value, i) => {
      expect(found[i]).toBeCloseTo(value, 4);
      if (i >= 48) expect(implied[i - 48]).toBeCloseTo(value, 4);
    });
    expect(predictedNoise(images, noise, alphaBar, 'epsilon')).toBe(noise);
  });
});

describe('DDIM', () => {
  const schedule = linearSchedule(1000);

  it('visits 950, 900 … 0 in 20 steps and ends at alpha bar 1', () => {
    const steps = samplingSteps(schedule, 20);
    expect(steps.map(({ time }) => time)).toEqual(Array.from({ length: 20 }, (_, i) => 950 - 50 * i));
    expect(steps[0]?.nextAlphaBar).toBe(schedule.alphaBar[900]);
    expect(steps[19]?.nextAlphaBar).toBe(1);
  });

  it('is the published update, worked out by hand', () => {
    const [a, next, x, e] = [0.4, 0.7, 0.3, 0.1];
    const clean = (x - Math.sqrt(1 - a) * e) / Math.sqrt(a);
    const expected = Math.sqrt(next) * clean + Math.sqrt(1 - next) * e;
    const predicted = cleanSamples(pixel(x), pixel(e), tf.scalar(a), { prediction: 'epsilon', clip: true });
    expect(ddimUpdate(predicted, pixel(e), levels(a, next)).dataSync()[0]).toBeCloseTo(expected, 6);
  });

  it('recovers an image exactly when the noise is predicted exactly', () => {
    const image = tf.clipByValue(normal([1, 4, 4, 3], 1).mul(0.4), -1, 1) as tf.Tensor4D;
    const noise = normal([1, 4, 4, 3], 2) as tf.Tensor4D;
    const steps = samplingSteps(schedule, 20);
    let x = qSample(image, noise, tf.tensor1d([steps[0]?.alphaBar as number]));
    for (const { alphaBar, nextAlphaBar } of steps) {
      // The noise that leads from the image to this x.
      const exact = x.sub(image.mul(Math.sqrt(alphaBar))).div(Math.sqrt(1 - alphaBar)) as tf.Tensor4D;
      const clean = cleanSamples(x, exact, tf.scalar(alphaBar), { prediction: 'epsilon', clip: true });
      x = ddimUpdate(clean, exact, levels(alphaBar, nextAlphaBar));
    }
    image.dataSync().forEach((value, i) => {
      expect(x.dataSync()[i]).toBeCloseTo(value, 3);
    });
  });
});

const pixel = (value: number): tf.Tensor4D => tf.fill([1, 1, 1, 1], value);
const levels = (alphaBar: number, next: number) => ({ alphaBar: tf.scalar(alphaBar), nextAlphaBar: tf.scalar(next) });

describe('samplers with noise', () => {
  const [a, next, x, clean, z] = [0.4, 0.7, 0.3, 0.2, -1.5];
  const e = (x - Math.sqrt(a) * clean) / Math.sqrt(1 - a);

  it('DDIM: eta scales the deviation of the noise, and the rest stays with the predicted noise', () => {
    for (const eta of [0.5, 1]) {
      const sigma = eta * Math.sqrt((1 - next) / (1 - a)) * Math.sqrt(1 - a / next);
      const wanted = Math.sqrt(next) * clean + Math.sqrt(1 - next - sigma ** 2) * e + sigma * z;
      expect(ddimUpdate(pixel(clean), pixel(e), levels(a, next), eta, pixel(z)).dataSync()[0]).toBeCloseTo(wanted, 6);
    }
  });

  it('DDIM with eta 1 has the mean of an ancestral step, which has variance beta', () => {
    const still = ddimUpdate(pixel(clean), pixel(e), levels(a, next), 1, pixel(0)).dataSync()[0] as number;
    const mean = ancestralUpdate(pixel(x), pixel(clean), levels(a, next), pixel(0)).dataSync()[0] as number;
    expect(mean).toBeCloseTo(still, 6);
    const moved = ancestralUpdate(pixel(x), pixel(clean), levels(a, next), pixel(z)).dataSync()[0] as number;
    expect(moved - mean).toBeCloseTo(Math.sqrt(1 - a / next) * z, 6);
  });

  it('the last step gives the predicted sample itself', () => {
    const last = levels(a, 1);
    expect(ddimUpdate(pixel(clean), pixel(e), last, 1, pixel(z)).dataSync()[0]).toBeCloseTo(clean, 6);
    expect(ancestralUpdate(pixel(x), pixel(clean), last, pixel(z)).dataSync()[0]).toBeCloseTo(clean, 6);
  });
});

describe('the predicted sample', () => {
  it('is clipped to the range of images, or not', () => {
    const of = (clip: boolean) => cleanSamples(pixel(3), pixel(0), tf.scalar(1), { prediction: 'epsilon', clip });
    expect([of(true).dataSync()[0], of(false).dataSync()[0]]).toEqual([1, 3]);
  });
});

describe('a compiled sampler', () => {
  const denoiser: Denoiser = {
    parameters: [],
    shape: [4, 6, 3],
    conditions: { shift: [] },
    prediction: 'epsilon',
    clip: false,
    predict: (weights, noisy, time, { shift }) =>
      noisy
        .mul(weights.scale as tf.Tensor)
        .add((shift as tf.Tensor).add(time.mul(1e-3)).reshape([-1, 1, 1, 1])) as tf.Tensor4D,
  };
  const inputs = (seeds: [number, number][]): Tensors => ({
    x: normal([2, 4, 6, 3], 5),
    shift: tf.tensor1d([0.1, -0.2]),
    noiseSeeds: tf.tensor2d(seeds, [2, 2], 'int32'),
    time: tf.scalar(30),
    ...levels(0.4, 0.7),
  });
  const run = (sampler: SamplerKind, compiled: boolean, seeds: [number, number][]): Float32Array => {
    const step = compileSampler({ scale: tf.scalar(0.5) }, denoiser, sampler, 2, { compiled });
    const x = step.run(inputs(seeds)).x?.dataSync() as Float32Array;
    step.dispose();
    return x;
  };
  const kinds: SamplerKind[] = [
    { type: 'ddim', eta: 0, epsilon: 'network' },
    { type: 'ddim', eta: 0.7, epsilon: 'clipped' },
    { type: 'ancestral' },
  ];
  const [first, second, other]: [number, number][] = [
    [1, 2],
    [3, 4],
    [5, 6],
  ] as [number, number][];

  it.each(kinds)('gives what the eager one gives: $type, eta $eta', (sampler) => {
    const [eager, compiled] = [false, true].map((each) => run(sampler, each, [first, second] as [number, number][]));
    compiled?.forEach((value, i) => {
      expect(value).toBeCloseTo(eager?.[i] as number, 5);
    });
  });

  it('draws the noise of each sample from its own seed: another neighbour changes nothing', () => {
    const ancestral: SamplerKind = { type: 'ancestral' };
    const one = run(ancestral, true, [first, second] as [number, number][]);
    const two = run(ancestral, true, [first, other] as [number, number][]);
    expect(two.subarray(0, 72)).toEqual(one.subarray(0, 72));
    expect(two.subarray(72)).not.toEqual(one.subarray(72));
  });
});
