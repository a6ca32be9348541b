import { describe, expect, it } from 'vitest';
import type { Denoiser } from '../../../nn/diffusion/denoiser.ts';
import { tf } from '../../../nn/tf.ts';
import { type SampleJob, Sampler } from '../../../training/diffusion/sample.ts';
import { float32, toyContext } from '../../activities/toy.ts';

const batch = 4;

/** Kernels may give other bits in another slot; here the slot itself shows in the image. */
const denoiserOf = (predict: Denoiser['predict']): Denoiser => ({
  ...{ parameters: [], shape: [2, 3, 3], conditions: { level: [] }, prediction: 'velocity', clip: true },
  predict,
});
const slotted = denoiserOf((_weights, noisy) =>
  noisy.mul(0.1).sub(tf.tensor4d([0, 0.25, 0.5, 0.75], [batch, 1, 1, 1])),
);

const samplerOf = (denoiser: Denoiser, type: 'ddim' | 'ancestral' = 'ddim'): Sampler =>
  new Sampler({}, denoiser, {
    ...{ timesteps: 10, snrFactor: 1, steps: 3, batch, ...float32 },
    sampler: type === 'ddim' ? { type, eta: 0, epsilon: 'network' } : { type },
  });

const job = (first: number, identities: number): SampleJob => ({
  ...{ first, identities, images: 3 },
  conditionsOf: (identity, image) => ({ level: [identity + image / 10] }),
});

const images = async (sampler: Sampler, sizes: readonly number[]): Promise<Buffer> => {
  const made: Uint8Array[] = [];
  let first = 0;
  for (const size of sizes) {
    made.push(await sampler.sample(job(first, size), toyContext()));
    first += size;
  }
  return Buffer.concat(made);
};

describe('a sampler', () => {
  it.each(['ddim', 'ancestral'] as const)(
    '%s: gives each image the same slot, however the set is cut',
    async (type) => {
      const sampler = samplerOf(slotted, type);
      const whole = await images(sampler, [5]);
      expect(await images(sampler, [1, 1, 1, 1, 1])).toEqual(whole);
      expect(await images(sampler, [2, 3])).toEqual(whole);
      expect(await images(sampler, [3, 1, 1])).toEqual(whole);
      sampler.dispose();
    },
  );

  it('asks for the conditions of its own images alone', async () => {
    const asked: [number, number][] = [];
    const conditionsOf = (identity: number, image: number) => {
      asked.push([identity, image]);
      return { level: [0] };
    };
    const sampler = samplerOf(slotted);
    await sampler.sample({ ...job(1, 1), conditionsOf }, toyContext());
    // Images 3, 4 and 5 of the set: the last slot of the first batch, and the first two of the second.
    expect(asked).toEqual([
      [1, 0],
      [1, 1],
      [1, 2],
    ]);
    sampler.dispose();
  });

  it('refuses pixels that are not finite, and leaves no tensors', async () => {
    const before = tf.memory().numTensors;
    const sampler = samplerOf(denoiserOf((_weights, noisy) => noisy.mul(Number.NaN)));
    await expect(sampler.sample(job(0, 1), toyContext())).rejects.toMatchObject({ code: 'Diverged' });
    sampler.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});
