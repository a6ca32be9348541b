import { writeWeights } from '../../../artifacts/codecs/weights.ts';
import { putTrainingLog } from '../../../artifacts/training-log.ts';
import type { Outputs } from '../../../core/action.ts';
import type { ArtifactRef } from '../../../core/artifact.ts';
import type { StageKind } from '../../../core/stage.ts';
import { type CopyRecipe, maker as copies } from '../../../data/loader/copies.ts';
import { embed } from '../../../nn/recognizer/backbone.ts';
import { squareSide } from '../../../nn/recognizer/config.ts';
import { type Tensors, tf } from '../../../nn/tf.ts';
import { loadInitial } from '../../../training/diffusion/initial.ts';
import type { DiffusionMethod, DiffusionOptions, GridOptions } from '../../../training/diffusion/method.ts';
import { networkObject } from '../../../training/diffusion/network-fields.ts';
import { trainDiffusion } from '../../../training/diffusion/train.ts';
import { IdentityTable } from '../../../training/identity-table.ts';
import { type InputContext, loadSet, withInput } from '../../../training/input.ts';
import { type LoadedRecognizer, loadRecognizer, requireImageSize } from '../../../training/recognizer.ts';
import type { CemiFaceNetwork } from '../config.ts';
import { cemifaceGrid } from '../grid.ts';
import { cemifaceLoss, type SimilarityMeasure } from '../loss.ts';
import { cemifaceDenoiser } from '../network.ts';
import { cemifaceSamples } from '../samples.ts';
import { similarityGrid } from '../similarity-grid.ts';

/** `schema.json` */
interface Params extends DiffusionOptions {
  readonly data: ArtifactRef;
  readonly recognizer: ArtifactRef;
  readonly initial?: ArtifactRef;
  readonly network: Omit<CemiFaceNetwork, 'imageSize' | 'identitySize'>;
  readonly recompute: boolean;
  readonly lambda: number;
  readonly mse: 'output' | 'noise';
  readonly similarity: {
    readonly lowest: number;
    readonly highest: number;
    readonly interval: number;
    readonly measure: SimilarityMeasure;
  };
  readonly flip: boolean;
  readonly samples: GridOptions | null;
}

/** `diffusion/train`: CemiFace's generator. */
export const stage: StageKind<Params> = {
  run: (params, context) => withInput(context, copies, (input) => run(params, input)),
};

const run = async (params: Params, input: InputContext<CopyRecipe>): Promise<Outputs> => {
  const { store } = input;
  const recognizer = await loadRecognizer(store, params.recognizer);
  let start: Tensors = {};
  try {
    const data = await loadSet(input, params.data);
    requireImageSize(recognizer, data);
    const network = networkOf(params, recognizer);
    // What is refused is refused before hours of embedding.
    const denoiser = cemifaceDenoiser(network, { recompute: params.recompute });
    const { interval, lowest, highest } = params.similarity;
    const grid = similarityGrid(interval, lowest, highest);
    const initial = params.initial && (await loadInitial(store, params.initial, denoiser.parameters));
    start = initial?.tensors ?? {};
    if (initial)
      input.log(`starts from ${params.initial?.digest}; without a value there: ${initial.fresh.join(', ') || 'none'}`);
    const identities = await IdentityTable.of(input, data, recognizer, {
      mirrored: params.flip,
      precision: params.precision,
    });
    const method = methodOf(params, {
      denoiser,
      recognizer,
      samples: cemifaceSamples(identities, grid, params.flip),
      initial: start,
      ...(params.samples && { grid: cemifaceGrid(params.samples, data, identities, grid) }),
    });
    const { weights, log } = await trainDiffusion(input, data, method, params);
    return {
      weights: await writeWeights(store, weights, {
        network: { family: 'unet', ...networkObject(network) },
        imageSize: network.imageSize,
        timesteps: params.timesteps,
        snrFactor: params.snrFactor,
        data: params.data.digest,
        recognizer: params.recognizer.digest,
        ...(params.initial && { initial: params.initial.digest }),
      }),
      log: await putTrainingLog(store, log),
    };
  } finally {
    tf.dispose([recognizer.weights, start]);
  }
};

const networkOf = ({ network }: Params, { config }: LoadedRecognizer): CemiFaceNetwork => ({
  ...network,
  imageSize: squareSide(config),
  identitySize: config.embedding,
});

const methodOf = (
  { lambda, mse, timesteps, similarity: { measure } }: Params,
  {
    denoiser,
    recognizer,
    samples,
    initial,
    grid,
  }: Pick<DiffusionMethod, 'denoiser' | 'samples' | 'initial' | 'grid'> & { recognizer: LoadedRecognizer },
): DiffusionMethod => ({
  denoiser,
  samples,
  ...(initial && { initial }),
  ...(grid && { grid }),
  loss: cemifaceLoss({
    denoiser,
    embed: (frozen, images) => embed(frozen, images, recognizer.config),
    measure,
    mse,
    lambda,
    timesteps,
  }),
  frozen: recognizer.weights,
});
