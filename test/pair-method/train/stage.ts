import { writeWeights } from '../../../artifacts/codecs/weights.ts';
import { putTrainingLog } from '../../../artifacts/training-log.ts';
import type { Outputs } from '../../../core/action.ts';
import type { ArtifactRef } from '../../../core/artifact.ts';
import type { StageKind } from '../../../core/stage.ts';
import type { ImageSet } from '../../../data/images.ts';
import { type CopyRecipe, maker as copies } from '../../../data/loader/copies.ts';
import { qSample } from '../../../nn/diffusion/prediction.ts';
import { type Tensors, tf } from '../../../nn/tf.ts';
import type { DiffusionMethod, DiffusionOptions, SampleSource } from '../../../training/diffusion/method.ts';
import { trainDiffusion } from '../../../training/diffusion/train.ts';
import { type InputContext, loadSet, withInput } from '../../../training/input.ts';
import { encode, pairDenoiser, pairNetwork } from '../network.ts';

/** `schema.json` */
interface Params extends Pick<DiffusionOptions, 'epochs' | 'batch' | 'microBatch' | 'lr' | 'timesteps' | 'precision'> {
  readonly data: ArtifactRef;
}

export const stage: StageKind<Params> = {
  run: (params, context) => withInput(context, copies, (input) => run(params, input)),
};

const run = async ({ data: ref, ...given }: Params, input: InputContext<CopyRecipe>): Promise<Outputs> => {
  const data = await loadSet(input, ref);
  const network = pairNetwork(data.height, data.width);
  const denoiser = pairDenoiser(network);
  const method: DiffusionMethod = {
    denoiser,
    samples: pairs(data),
    clean: ({ images }) => encode(images as tf.Tensor),
    loss: (weights, { clean, noise, time, alphaBar }, batch: Tensors) => {
      const output = denoiser.predict(weights, qSample(clean, noise, alphaBar), time, batch);
      return { loss: tf.mean(tf.square(output.sub(noise))) as tf.Scalar };
    },
    frozen: {},
  };
  const options: DiffusionOptions = {
    ...given,
    snrFactor: 1,
    warmup: 0,
    decay: 'constant',
    weightDecay: 0,
    emaMaximum: 0.9,
  };
  const { weights, log } = await trainDiffusion(input, data, method, options);
  const meta = {
    network: { family: 'pair', height: data.height, width: data.width },
    timesteps: given.timesteps,
    data: ref.digest,
  };
  return {
    weights: await writeWeights(input.store, weights, meta),
    log: await putTrainingLog(input.store, log),
  };
};

/** Two images of one identity, each mirrored on its own. */
const pairs = ({ labels, classes }: ImageSet): SampleSource => {
  const rowsOf = Array.from({ length: classes }, (_, label) =>
    [...labels.keys()].filter((row) => labels[row] === label),
  );
  return {
    images: ['images', 'partner'],
    conditions: {},
    draw: (row, uniform) => {
      const others = rowsOf[labels[row] as number] as number[];
      const partner = others[Math.floor(uniform() * others.length)] as number;
      return {
        images: [
          { row, mirrored: uniform() < 0.5 },
          { row: partner, mirrored: uniform() < 0.5 },
        ],
        conditions: {},
      };
    },
  };
};
