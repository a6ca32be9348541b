import { writeWeights } from '../../../artifacts/codecs/weights.ts';
import { putTrainingLog } from '../../../artifacts/training-log.ts';
import type { Outputs } from '../../../core/action.ts';
import type { ArtifactRef } from '../../../core/artifact.ts';
import { randomStream } from '../../../core/random.ts';
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
import type { AutoencoderConfig } from '../autoencoder/config.ts';
import { autoencoderParameters } from '../autoencoder/layers.ts';
import { autoencoderTraining } from '../autoencoder/train-step.ts';
import { family, requireDivisible } from '../autoencoder/weights.ts';

/** `schema.json` */
interface Params extends PrecisionOption {
  readonly data: ArtifactRef;
  readonly network: AutoencoderConfig;
  readonly beta: number;
  readonly epochs: number;
  readonly batch: number;
  readonly microBatch: number;
  readonly lr: number;
  readonly warmup: number;
  readonly decay: 'constant' | 'cosine';
  readonly flip: boolean;
}

/** `idiff-face/train-autoencoder`: the autoencoder in whose latents IDiff-Face's generator works. */
export const stage: StageKind<Params> = {
  run: (params, context) => withInput(context, copies, (input) => run(params, input)),
};

const run = async (params: Params, input: InputContext<CopyRecipe>): Promise<Outputs> => {
  const { store } = input;
  const data = await loadSet(input, params.data);
  requireDivisible(params.network, data);
  const parameters = autoencoderParameters(params.network);
  const { state, series } = await runTraining(input, trainingOf(params, data, input));
  const weights = unflatten(state.w as tf.Tensor1D, parameters);
  const stored = toSafetensors(weights, parameters);
  tf.dispose([state, weights]);
  return {
    weights: await writeWeights(store, stored, {
      network: { family, ...networkObject(params.network) },
      data: params.data.digest,
    }),
    log: await putTrainingLog(store, { series }),
  };
};

/** What one step needs besides its images. */
interface StepPlan {
  readonly recipe: CopyRecipe;
  readonly rate: number;
}

const trainingOf = (
  params: Params,
  data: ImageSet,
  input: InputContext<CopyRecipe>,
): Training<CopyRecipe, StepPlan> => {
  const { seed } = input;
  const { batch, epochs, flip, lr } = params;
  const planner = new StepPlanner({ images: data.count, batch, epochs, seed, tag: 'autoencoder order' });
  const { steps } = planner;
  const microBatches = microBatchesOf(batch, params.microBatch);
  const planOf = (step: number): StepPlan => {
    const uniform = randomStream(seed, 'autoencoder batch', step);
    const { rows } = planner.at(step);
    const mirrored = Uint8Array.from(rows, () => (uniform() < 0.5 && flip ? 1 : 0));
    return { recipe: { rows, mirrored }, rate: learningRate(params, step, steps) };
  };
  const tensorsOf = (plan: Pick<StepPlan, 'rate'>, images: Float32Array, microBatch: MicroBatch): Tensors => ({
    images: tf.tensor4d(rowsOf(images, batch, microBatch), [microBatch.count, data.height, data.width, 3]),
    rate: tf.scalar(plan.rate),
  });
  return {
    steps,
    microBatches,
    window: Math.max(1, Math.ceil(steps / 100)),
    lr,
    batches: (from) => readBatches(input, data, planOf, { from, to: steps }),
    compile: (resumed) => {
      // The shapes of a batch are enough to compile: its values do not matter.
      const blank = new Float32Array(batch * data.height * data.width * 3);
      const example = tensorsOf({ rate: 0 }, blank, microBatches[0] as MicroBatch);
      const { network, beta, precision } = params;
      const parameters = autoencoderParameters(network);
      const training = autoencoderTraining({ config: network, parameters, beta, microBatches: microBatches.length });
      return compileFlat(training, { example, seed, resumed, precision });
    },
    tensorsOf: (_step, plan, images, microBatch) => tensorsOf(plan, images, microBatch),
    logged: ({ rate }) => ({ rate }),
    wanted: (name) => name === 'w',
  };
};
