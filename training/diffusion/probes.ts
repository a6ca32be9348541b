import type { Probe } from '../../core/probe.ts';
import { compileStep } from '../../nn/compile/index.ts';
import type { PrecisionOption } from '../../nn/compile/precision.ts';
import type { Denoiser } from '../../nn/diffusion/denoiser.ts';
import { compileSampler } from '../../nn/diffusion/sampler.ts';
import { isNoisy, type SamplerKind } from '../../nn/diffusion/steps.ts';
import { type DiffusionTraining, diffusionPrograms, diffusionState } from '../../nn/diffusion/train-step.ts';
import { seedTensor } from '../../nn/kernels/random.ts';
import { adamWDefaults } from '../../nn/optim/adamw.ts';
import { initialise } from '../../nn/parameters.ts';
import { type Tensors, tf } from '../../nn/tf.ts';
import type { DiffusionMethod } from './method.ts';

interface ProbeOptions extends PrecisionOption {
  /** Images of one piece. */
  readonly count: number;
  /** Multiplications for one of them. */
  readonly each: number;
}

interface ProbedMethod extends Pick<DiffusionMethod, 'denoiser' | 'loss' | 'frozen'> {
  /** Shapes of what the loss reads of each sample besides its image, by name. Default the denoiser's conditions. */
  readonly reads?: Denoiser['conditions'];
  /** First statistics of the networks, which the loss hands on. */
  readonly statistics?: Tensors;
}

/**
 * A training step of one micro-batch, on noise in the place of images and conditions. Its rate is 0, so that noise cannot make the
 * weights diverge.
 *
 * @param method whose samples are images of the denoiser's own shape; its frozen weights and statistics are disposed
 */
export const trainingProbe = (
  { denoiser, loss, frozen, reads = denoiser.conditions, statistics = {} }: ProbedMethod,
  { count, each, precision }: ProbeOptions,
): Probe => {
  const training: DiffusionTraining = { parameters: denoiser.parameters, loss, optimizer: adamWDefaults };
  const batch = {
    images: tf.randomUniform([count, ...denoiser.shape], -1, 1, 'float32', 1),
    ...noiseOf(reads, count),
    time: tf.zeros([count]),
    alphaBar: tf.fill([count], 0.5),
    noiseSeed: seedTensor(1, 'diffusion noise', 0),
    ...{ rate: tf.scalar(0), emaDecay: tf.scalar(1) },
  };
  const weights = initialise(denoiser.parameters, 1);
  const state = diffusionState(weights, frozen, training, statistics);
  const step = compileStep(diffusionPrograms(training), state, batch, { precision });
  tf.dispose([weights, state, frozen, statistics]);
  return {
    multiplyAdds: count * each,
    run: () => void step.run(batch),
    dispose: () => {
      tf.dispose(batch);
      step.dispose();
    },
  };
};

/** A step of sampling of one batch, from noise and under made-up conditions. */
export const samplingProbe = (
  denoiser: Denoiser,
  sampler: SamplerKind,
  { count, each, precision }: ProbeOptions,
): Probe => {
  const weights = initialise(denoiser.parameters, 1);
  const step = compileSampler(weights, denoiser, sampler, count, { precision });
  tf.dispose(weights);
  const inputs = {
    x: tf.randomUniform([count, ...denoiser.shape], -1, 1, 'float32', 1),
    ...noiseOf(denoiser.conditions, count),
    ...(isNoisy(sampler) && { noiseSeeds: tf.ones([count, 2], 'int32') }),
    ...{ time: tf.scalar(1), alphaBar: tf.scalar(0.5), nextAlphaBar: tf.scalar(0.6) },
  };
  return {
    multiplyAdds: count * each,
    run: () => {
      const made = step.run(inputs);
      (made.x as tf.Tensor).dataSync();
      tf.dispose(made);
    },
    dispose: () => {
      tf.dispose(inputs);
      step.dispose();
    },
  };
};

const noiseOf = (shapes: Denoiser['conditions'], count: number): Tensors =>
  Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [
      name,
      tf.randomUniform([count, ...shape], -1, 1, 'float32', 1) as tf.Tensor,
    ]),
  );
