import { type CompiledFunction, type CompileOptions, compileFunction } from '../compile/index.ts';
import { statelessNormal } from '../kernels/random.ts';
import { type Tensors, tf } from '../tf.ts';
import type { Denoiser } from './denoiser.ts';
import { cleanSamples, impliedNoise, predictedNoise } from './prediction.ts';
import { ancestralUpdate, ddimUpdate, isNoisy, type SamplerKind } from './steps.ts';

/**
 * One step of a sampler as a pure function.
 *
 * @param inputs `x` float32 [B, …shape], the conditions by name, the scalars `time`, `alphaBar` and `nextAlphaBar`, and
 *   where the sampler is noisy `noiseSeeds` int32 [B, 2], one seed for each sample
 * @returns the next x
 */
export const samplerStep = (
  weights: Tensors,
  inputs: Tensors,
  denoiser: Denoiser,
  sampler: SamplerKind,
): tf.Tensor4D => {
  const x = inputs.x as tf.Tensor4D;
  const levels = inputs as { alphaBar: tf.Tensor; nextAlphaBar: tf.Tensor };
  const time = tf.fill([x.shape[0]], 1).mul(inputs.time as tf.Tensor) as tf.Tensor1D;
  const output = denoiser.predict(weights, x, time, inputs);
  const clean = cleanSamples(x, output, levels.alphaBar, denoiser);
  const noise = isNoisy(sampler) ? noiseOf(inputs.noiseSeeds as tf.Tensor2D, denoiser) : undefined;
  if (sampler.type === 'ancestral') return ancestralUpdate(x, clean, levels, noise as tf.Tensor4D);
  const epsilon =
    sampler.epsilon === 'network'
      ? predictedNoise(x, output, levels.alphaBar, denoiser.prediction)
      : impliedNoise(x, clean, levels.alphaBar);
  return ddimUpdate(clean, epsilon, levels, sampler.eta, noise);
};

/** Each sample's noise from its own seed, so that it does not depend on who else is in the batch. */
const noiseOf = (seeds: tf.Tensor2D, { shape }: Denoiser): tf.Tensor4D => {
  const each = tf.split(seeds, seeds.shape[0], 0);
  return tf.concat(
    each.map((seed) => statelessNormal([1, ...shape], seed.reshape([2]) as tf.Tensor1D)),
    0,
  ) as tf.Tensor4D;
};

/**
 * A sampler's step for batches of one size: `run` takes the inputs of `samplerStep` and gives the next `x`.
 *
 * @param weights `denoiser.parameters` by name; the caller keeps them
 */
export const compileSampler = (
  weights: Tensors,
  denoiser: Denoiser,
  sampler: SamplerKind,
  batch: number,
  options?: CompileOptions,
): CompiledFunction => {
  const conditions = Object.entries(denoiser.conditions);
  const example = {
    x: tf.zeros([batch, ...denoiser.shape]),
    ...Object.fromEntries(conditions.map(([name, shape]) => [name, tf.zeros([batch, ...shape])])),
    ...(isNoisy(sampler) ? { noiseSeeds: tf.ones([batch, 2], 'int32') } : {}),
    time: tf.scalar(1),
    alphaBar: tf.scalar(0.5),
    nextAlphaBar: tf.scalar(0.6),
  };
  const step = compileFunction(
    (w, inputs) => ({ x: samplerStep(w, inputs, denoiser, sampler) }),
    weights,
    example,
    options,
  );
  tf.dispose(example);
  return step;
};
