import type { ImageSet } from '../../data/images.ts';
import type { CopyRecipe } from '../../data/loader/copies.ts';
import { compileStep, type Step } from '../../nn/compile/index.ts';
import { type DiffusionTraining, diffusionPrograms, diffusionState } from '../../nn/diffusion/train-step.ts';
import { withPrefix } from '../../nn/gradients.ts';
import { seedTensor } from '../../nn/kernels/random.ts';
import { adamWDefaults } from '../../nn/optim/adamw.ts';
import { initialise } from '../../nn/parameters.ts';
import { type Tensors, tf } from '../../nn/tf.ts';
import { type StoredTensor, toSafetensors } from '../../nn/weights.ts';
import type { Drawn } from '../album.ts';
import { type InputContext, readBatches } from '../input.ts';
import type { Series } from '../log.ts';
import { runTraining, type Training } from '../loop.ts';
import { type MicroBatch, microBatchesOf, rowsOf } from '../micro-batches.ts';
import { gridsOf, trainedWeights } from './grids.ts';
import type { DiffusionMethod, DiffusionOptions } from './method.ts';
import { type DiffusionPlan, DiffusionPlanner } from './plan.ts';

/**
 * Trains a method's denoiser.
 *
 * @returns the exponential moving average of its weights, ready to be stored, with its statistics; the log, and the grids that were drawn
 * @throws CemiflowError `TooFewImages`, `MicroBatchInvalid`, `Diverged`
 */
export const trainDiffusion = async (
  input: InputContext<CopyRecipe>,
  data: ImageSet,
  method: DiffusionMethod,
  options: DiffusionOptions,
): Promise<{ weights: Record<string, StoredTensor>; log: { series: Series; pictures: Drawn[] } }> => {
  const { state, ...log } = await runTraining(input, trainingOf(input, data, method, options));
  const { denoiser, statistics } = method;
  const weights = trainedWeights(state, method);
  const stored = {
    ...toSafetensors(weights, denoiser.parameters),
    ...(statistics && toSafetensors(withPrefix(state, 'stats'), statistics.parameters)),
  };
  tf.dispose([state, weights]);
  return { weights: stored, log };
};

const trainingOf = (
  input: InputContext<CopyRecipe>,
  data: ImageSet,
  method: DiffusionMethod,
  options: DiffusionOptions,
): Training<CopyRecipe, DiffusionPlan> => {
  const { seed } = input;
  const { samples } = method;
  const planner = new DiffusionPlanner(data.count, samples, options, seed);
  const { steps } = planner;
  const microBatches = microBatchesOf(options.batch, options.microBatch);
  const tensorsOf = (step: number, plan: DiffusionPlan, images: Float32Array, microBatch: MicroBatch): Tensors => ({
    ...imagesOf(images, data, method, options.batch, microBatch),
    ...arraysOf(plan, method, options.batch, microBatch),
    noiseSeed: seedTensor(seed, 'diffusion noise', step),
    rate: tf.scalar(plan.rate),
    emaDecay: tf.scalar(plan.emaDecay),
    ...(microBatches.length > 1 ? { first: tf.scalar(microBatch.first, 'int32') } : {}),
  });
  return {
    steps,
    microBatches,
    window: Math.max(1, Math.ceil(steps / 100)),
    lr: options.lr,
    batches: (from) => readBatches(input, data, (step) => planner.at(step), { from, to: steps }),
    compile: (resumed) => {
      // The shapes of a batch are enough to compile: its values do not matter.
      const blank = new Float32Array(samples.images.length * options.batch * data.height * data.width * 3);
      const example = tensorsOf(0, planner.at(0), blank, microBatches[0] as MicroBatch);
      return compile(method, options, example, seed, resumed);
    },
    tensorsOf,
    logged: ({ rate }) => ({ rate }),
    constant: (name) => name.startsWith('fr.'),
    wanted: (name) => name === 'ema' || name.startsWith('stats.') || (name === 'w' && method.last !== undefined),
    ...(method.grid && { drawing: gridsOf(method.grid, method, options, steps, input) }),
  };
};

/** @param images float32, all images of a batch @returns those of a micro-batch by name, float32 [count, H, W, 3] each */
const imagesOf = (
  images: Float32Array,
  { height, width }: ImageSet,
  { samples }: DiffusionMethod,
  batch: number,
  microBatch: MicroBatch,
): Tensors => {
  const size = batch * height * width * 3;
  return Object.fromEntries(
    samples.images.map((name, i) => {
      const all = images.subarray(i * size, (i + 1) * size);
      return [name, tf.tensor4d(rowsOf(all, batch, microBatch), [microBatch.count, height, width, 3])];
    }),
  );
};

/** The arrays of a micro-batch by name, float32 [count, …] each. */
const arraysOf = (
  { arrays }: DiffusionPlan,
  { samples }: DiffusionMethod,
  batch: number,
  microBatch: MicroBatch,
): Tensors =>
  Object.fromEntries(
    Object.entries(arrays).map(([name, values]) => {
      const shape = [microBatch.count, ...(samples.conditions[name] ?? [])];
      return [name, tf.tensor(rowsOf(values, batch, microBatch), shape)];
    }),
  );

/** @param example disposed @param resumed tensors that replace those of the first state */
const compile = (
  { denoiser, loss, clean, frozen, initial: given = {}, statistics }: DiffusionMethod,
  options: DiffusionOptions,
  example: Tensors,
  seed: number,
  resumed: Tensors,
): Step => {
  const training: DiffusionTraining = {
    parameters: denoiser.parameters,
    loss,
    clean,
    optimizer: { ...adamWDefaults, weightDecay: options.weightDecay },
    microBatches: microBatchesOf(options.batch, options.microBatch).length,
  };
  const absent = denoiser.parameters.filter(({ name }) => !given[name]);
  const first = initialise(absent, seed);
  const initial = diffusionState({ ...first, ...given }, frozen, training, statistics?.initial);
  try {
    return compileStep(diffusionPrograms(training), { ...initial, ...resumed }, example, {
      precision: options.precision,
    });
  } finally {
    // The frozen weights and first statistics are in the state as well, and belong to the caller.
    const own = Object.fromEntries(Object.entries(initial).filter(([name]) => !/^(fr|stats)\./.test(name)));
    tf.dispose([example, first, own]);
  }
};
