import { describe, expect, it } from 'vitest';
import { cemifaceDenoiser } from '../../methods/cemiface/network.ts';
import { initialise, type Parameter } from '../../nn/parameters.ts';
import { recognizerParameters } from '../../nn/recognizer/layout.ts';
import { tf } from '../../nn/tf.ts';
import { cases, golden } from '../golden/values.ts';

const networks: Record<string, Parameter[]> = {
  unet: [...cemifaceDenoiser(cases.wide.unet).parameters],
  ...Object.fromEntries(
    ['ir', 'ir_se', 'iresnet'].map((variant) => {
      const parameters = recognizerParameters({ ...cases.wide.recognizer, variant });
      return [variant, parameters.filter(({ name }) => !name.includes('running_'))];
    }),
  ),
};

/** Mean, standard deviation and largest magnitude. */
const measure = (values: Float32Array): [number, number, number] => {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return [mean, Math.sqrt(variance), values.reduce((most, value) => Math.max(most, Math.abs(value)), 0)];
};

describe("first values beside PyTorch's", () => {
  for (const [name, parameters] of Object.entries(networks)) {
    it(`${name}: each parameter has the same distribution`, () => {
      const wanted = golden('first-values', name);
      const first = initialise(parameters, 3);
      expect(Object.keys(first).sort()).toEqual(Object.keys(wanted).sort());
      for (const { name: parameter, init } of parameters) {
        const tensor = first[parameter] as tf.Tensor;
        const [mean, std, largest] = measure(tensor.dataSync() as Float32Array);
        const [theirMean, theirStd, theirLargest] = wanted[parameter] as unknown as [number, number, number];
        // Each side's mean and deviation wander by std / sqrt(n) and std / sqrt(2n); five of these, of both sides.
        const wander = (5 * Math.SQRT2 * Math.max(std, theirStd)) / Math.sqrt(tensor.size);
        expect(Math.abs(mean - theirMean), `${parameter}: mean`).toBeLessThanOrEqual(wander + 1e-7);
        expect(Math.abs(std - theirStd), `${parameter}: deviation`).toBeLessThanOrEqual(wander / Math.SQRT2 + 1e-7);
        // A uniform distribution ends at its bound, a normal one of many values goes on beyond 3 deviations.
        if (tensor.size < 1000) continue;
        expect(largest / std > 2, `${parameter}: shape`).toBe(theirLargest / theirStd > 2);
        if (init.type === 'uniform') expect(theirLargest, parameter).toBeLessThanOrEqual(init.bound * (1 + 1e-6));
      }
      tf.dispose(first);
    });
  }
});
