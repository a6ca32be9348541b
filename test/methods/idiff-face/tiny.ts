import { writeWeights } from '../../../artifacts/codecs/weights.ts';
import type { ArtifactRef } from '../../../core/artifact.ts';
import type { Checkpoint, StageCheckpoints } from '../../../core/checkpoint.ts';
import { noCheckpoints } from '../../../core/checkpoint.ts';
import type { ArtifactStore, StageContext } from '../../../core/stage.ts';
import type { AutoencoderConfig } from '../../../methods/idiff-face/autoencoder/config.ts';
import { autoencoderParameters, codebookName } from '../../../methods/idiff-face/autoencoder/layers.ts';
import type { ContextUNet } from '../../../methods/idiff-face/unet/config.ts';
import { unetParameters } from '../../../methods/idiff-face/unet/layout.ts';
import { initialise, type Parameter } from '../../../nn/parameters.ts';
import { toSafetensors } from '../../../nn/weights.ts';
import { float32, side } from '../../activities/toy.ts';
import { withoutZeros } from '../cemiface/tiny.ts';

/** The smallest autoencoder that has every kind of part: f is 2. */
export const tinyAutoencoder: AutoencoderConfig = {
  ...{ base: 8, multipliers: [1, 2], blocks: 1, groups: 4, channels: 3, codes: 16 },
};

/** The smallest UNet that has every kind of part, for latents of 6 × 6. */
export const tinyUNet: ContextUNet = {
  ...{ side: 6, channels: 3, base: 8, multipliers: [1, 2], blocks: 1, attention: [1], headChannels: 8, groups: 4 },
  ...{ identitySize: 6, conditionSize: 8, conditionTokens: 2, prediction: 'epsilon' },
};

export const autoencoderParams = {
  network: tinyAutoencoder,
  ...{ beta: 0.25, epochs: 10, batch: 8, microBatch: 0, lr: 0.005, warmup: 0, decay: 'constant' as const },
  ...{ flip: true, ...float32 },
};

const { side: _side, channels: _channels, identitySize: _identitySize, ...network } = tinyUNet;
export const trainParams = {
  network,
  ...{ epochs: 2, batch: 8, microBatch: 0, recompute: false, lr: 0.002, warmup: 1, decay: 'restarts' as const },
  ...{
    cycle: 4,
    weightDecay: 0,
    emaMaximum: 0.9,
    timesteps: 50,
    snrFactor: 1,
    contextDropout: 0.5,
    scaleLatents: true,
    flip: true,
  },
  ...{ samples: null, ...float32 },
};

export const generateParams = {
  ...{
    identities: 0,
    skip: 0,
    images: 2,
    oversample: 0,
    sampler: 'ancestral' as 'ancestral' | 'ddim',
    steps: 5,
    eta: 0,
  },
  ...{ batch: 4, shardIdentities: 2, ...float32 },
};

/** Stores an autoencoder as it begins, with codes of the order of its latents. */
export const putAutoencoder = (to: ArtifactStore, seed = 1): Promise<ArtifactRef> => {
  const parameters = autoencoderParameters(tinyAutoencoder);
  const codes = parameters.map(
    (each): Parameter => (each.name === codebookName ? { ...each, init: { type: 'normal', std: 0.3 } } : each),
  );
  const network = JSON.parse(JSON.stringify({ family: 'vq-autoencoder', ...tinyAutoencoder }));
  return writeWeights(to, toSafetensors(initialise(codes, seed), parameters), { network });
};

/** Stores a generator that puts out something, of these latents and embeddings. */
export const putGenerator = (
  to: ArtifactStore,
  recognizer: ArtifactRef,
  autoencoder: ArtifactRef,
): Promise<ArtifactRef> => {
  const parameters = unetParameters(tinyUNet);
  const network = JSON.parse(JSON.stringify({ family: 'idiff-face', ...tinyUNet, imageSize: side, latentScale: 1 }));
  return writeWeights(to, toSafetensors(initialise(withoutZeros(parameters), 2), parameters), {
    ...{ network, timesteps: 50 },
    ...{ recognizer: recognizer.digest, autoencoder: autoencoder.digest },
  });
};

/** A context that keeps its checkpoint after step `at`, and one that goes on from it. */
export const interrupted = <C extends StageContext>(context: C, at: number) => {
  let kept: Checkpoint | undefined;
  const checkpoints: StageCheckpoints = {
    ...noCheckpoints,
    due: (step) => step === at,
    save: (checkpoint) => {
      kept = structuredClone(checkpoint);
    },
  };
  return {
    first: { ...context, checkpoints },
    resumed: { ...context, checkpoints: { ...noCheckpoints, resume: async () => kept } },
  };
};
