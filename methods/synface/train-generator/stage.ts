import { writeWeights } from '../../../artifacts/codecs/weights.ts';
import { putTrainingLog } from '../../../artifacts/training-log.ts';
import type { Outputs } from '../../../core/action.ts';
import type { ArtifactRef } from '../../../core/artifact.ts';
import { seedPair } from '../../../core/random.ts';
import type { StageKind } from '../../../core/stage.ts';
import type { ImageSet } from '../../../data/images.ts';
import { type CopyRecipe, maker as copies } from '../../../data/loader/copies.ts';
import type { PrecisionOption } from '../../../nn/compile/precision.ts';
import { unflatten } from '../../../nn/flat.ts';
import { type Tensors, tf } from '../../../nn/tf.ts';
import { toSafetensors } from '../../../nn/weights.ts';
import { networkObject } from '../../../training/diffusion/network-fields.ts';
import { learningRate } from '../../../training/diffusion/rate.ts';
import { compileFlat } from '../../../training/flat.ts';
import { type InputContext, loadSet, readBatches, withInput } from '../../../training/input.ts';
import { runTraining, type Training } from '../../../training/loop.ts';
import { type MicroBatch, microBatchesOf, rowsOf } from '../../../training/micro-batches.ts';
import { StepPlanner } from '../../../training/planner.ts';
import { DrawnPeople, identitySize } from '../people.ts';
import type { VaeConfig } from '../vae/config.ts';
import { vaeParameters } from '../vae/layers.ts';
import { vaeTraining } from '../vae/train-step.ts';
import { family, requireSquare } from '../vae/weights.ts';

/** `schema.json` */
interface Params extends PrecisionOption {
  readonly data: ArtifactRef;
  readonly network: Omit<VaeConfig, 'imageSize' | 'identitySize'>;
  readonly deviation: number;
  readonly beta: number;
  readonly epochs: number;
  readonly batch: number;
  readonly microBatch: number;
  readonly lr: number;
  readonly warmup: number;
  readonly decay: 'constant' | 'cosine';
}

/** `synface/train-generator`: the conditional VAE that draws faces of identity vectors. */
export const stage: StageKind<Params> = {
  run: (params, context) => withInput(context, copies, (input) => run(params, input)),
};

const run = async (params: Params, input: InputContext<CopyRecipe>): Promise<Outputs> => {
  const { store } = input;
  const data = await loadSet(input, params.data);
  requireSquare(params.network, data);
  const people = await DrawnPeople.of(store, params.data, data.identities);
  const config: VaeConfig = { ...params.network, imageSize: data.height, identitySize };
  const parameters = vaeParameters(config);
  const training = trainingOf(params, { config, data, people }, input);
  const { state, series } = await runTraining(input, training);
  const weights = unflatten(state.w as tf.Tensor1D, parameters);
  const stored = toSafetensors(weights, parameters);
  tf.dispose([state, weights]);
  const { deviation, beta } = params;
  return {
    weights: await writeWeights(store, stored, {
      network: { family, ...networkObject(config) },
      ...{ deviation, beta, data: params.data.digest },
    }),
    log: await putTrainingLog(store, { series }),
  };
};

/** What is learned from, and by what. */
interface Given {
  readonly config: VaeConfig;
  readonly data: ImageSet;
  readonly people: DrawnPeople;
}

/** What one step needs besides its images. They are never mirrored: a factor says on which side the hair is parted. */
interface StepPlan {
  readonly recipe: CopyRecipe;
  readonly rate: number;
}

const trainingOf = (
  params: Params,
  { config, data, people }: Given,
  input: InputContext<CopyRecipe>,
): Training<CopyRecipe, StepPlan> => {
  const { seed } = input;
  const { batch, epochs, lr } = params;
  const planner = new StepPlanner({ images: data.count, batch, epochs, seed, tag: 'synface order' });
  const { steps } = planner;
  const microBatches = microBatchesOf(batch, params.microBatch);
  const planOf = (step: number): StepPlan => ({
    recipe: { rows: planner.at(step).rows },
    rate: learningRate(params, step, steps),
  });
  const tensorsOf = (step: number, plan: StepPlan, images: Float32Array, microBatch: MicroBatch): Tensors => {
    const { first, count } = microBatch;
    const shown = Array.from(plan.recipe.rows.subarray(first, first + count), (row) => data.identities[row] as number);
    return {
      images: tf.tensor4d(rowsOf(images, batch, microBatch), [count, data.height, data.width, 3]),
      identity: tf.tensor2d(people.rows(shown), [count, identitySize]),
      noiseSeed: tf.tensor1d(seedPair(seed, 'synface noise', step), 'int32'),
      rate: tf.scalar(plan.rate),
      ...(microBatches.length > 1 && { first: tf.scalar(first, 'int32') }),
    };
  };
  return {
    steps,
    microBatches,
    window: Math.max(1, Math.ceil(steps / 100)),
    lr,
    batches: (from) => readBatches(input, data, planOf, { from, to: steps }),
    compile: (resumed) => {
      // The shapes of a batch are enough to compile: its values do not matter.
      const blank = new Float32Array(batch * data.height * data.width * 3);
      const example = tensorsOf(0, planOf(0), blank, microBatches[0] as MicroBatch);
      const { deviation, beta, precision } = params;
      const objective = {
        config,
        deviation,
        beta,
        parameters: vaeParameters(config),
        microBatches: microBatches.length,
      };
      return compileFlat(vaeTraining(objective), { example, seed, resumed, precision });
    },
    tensorsOf,
    logged: ({ rate }) => ({ rate }),
    wanted: (name) => name === 'w',
  };
};
