import { writeWeights } from '../../../artifacts/codecs/weights.ts';
import { putTrainingLog } from '../../../artifacts/training-log.ts';
import type { Outputs } from '../../../core/action.ts';
import type { ArtifactRef } from '../../../core/artifact.ts';
import { CemiflowError } from '../../../core/errors.ts';
import type { StageKind } from '../../../core/stage.ts';
import { type CopyRecipe, maker as copies } from '../../../data/loader/copies.ts';
import { tf } from '../../../nn/tf.ts';
import { loadInitial } from '../../../training/diffusion/initial.ts';
import type { DiffusionOptions, GridOptions, SampleGrid, SampleSource } from '../../../training/diffusion/method.ts';
import { networkObject, type SquareUNet } from '../../../training/diffusion/network-fields.ts';
import { trainDiffusion } from '../../../training/diffusion/train.ts';
import { type InputContext, loadSet, withInput } from '../../../training/input.ts';
import { ddpmLoss } from '../loss.ts';
import { ddpmDenoiser, unconditional } from '../network.ts';
import { family } from '../weights.ts';

/** `schema.json` */
interface Params extends DiffusionOptions {
  readonly data: ArtifactRef;
  readonly initial?: ArtifactRef;
  readonly network: Omit<SquareUNet, 'imageSize'>;
  readonly recompute: boolean;
  readonly flip: boolean;
  readonly samples: GridOptions | null;
}

/** `ddpm/train`: a generator without any condition. */
export const stage: StageKind<Params> = {
  run: (params, context) => withInput(context, copies, (input) => run(params, input)),
};

const run = async (params: Params, input: InputContext<CopyRecipe>): Promise<Outputs> => {
  const { store } = input;
  const data = await loadSet(input, params.data);
  const { height, width } = data;
  if (height !== width)
    throw new CemiflowError('SizeMismatch', `images must be square, the dataset holds ${height} × ${width}`, {
      remedy: 'make the dataset anew with square images',
    });
  const network = { ...params.network, imageSize: height, ...unconditional };
  const denoiser = ddpmDenoiser(network, { recompute: params.recompute });
  const initial = params.initial && (await loadInitial(store, params.initial, denoiser.parameters));
  try {
    const method = {
      ...{ denoiser, frozen: {}, loss: ddpmLoss(denoiser), samples: samples(params.flip) },
      ...(initial && { initial: initial.tensors }),
      ...(params.samples && { grid: gridOf(params.samples) }),
    };
    const { weights, log } = await trainDiffusion(input, data, method, params);
    return {
      weights: await writeWeights(store, weights, {
        network: { family, ...networkObject({ ...params.network, imageSize: height }) },
        imageSize: height,
        timesteps: params.timesteps,
        snrFactor: params.snrFactor,
        data: params.data.digest,
        ...(params.initial && { initial: params.initial.digest }),
      }),
      log: await putTrainingLog(store, log),
    };
  } finally {
    tf.dispose(initial?.tensors ?? {});
  }
};

/** Nothing but the noise distinguishes the images of a grid. */
const gridOf = (options: GridOptions): SampleGrid => ({
  ...{ options, rows: options.identities, columns: options.images },
  conditionsBy: () => () => ({}),
});

const samples = (flip: boolean): SampleSource => ({
  images: ['images'],
  conditions: {},
  // Drawn also where nothing is mirrored, so that `flip` changes no other draw.
  draw: (row, uniform) => ({ images: [{ row, mirrored: uniform() < 0.5 && flip }], conditions: {} }),
});
