import { writeWeights } from '../../../artifacts/codecs/weights.ts';
import { putTrainingLog } from '../../../artifacts/training-log.ts';
import type { Outputs } from '../../../core/action.ts';
import type { ArtifactRef } from '../../../core/artifact.ts';
import type { StageKind } from '../../../core/stage.ts';
import { type CopyRecipe, maker as copies } from '../../../data/loader/copies.ts';
import { squareSide } from '../../../nn/recognizer/config.ts';
import { type Tensors, tf } from '../../../nn/tf.ts';
import type { DiffusionMethod, DiffusionOptions, GridOptions } from '../../../training/diffusion/method.ts';
import { networkObject } from '../../../training/diffusion/network-fields.ts';
import { trainDiffusion } from '../../../training/diffusion/train.ts';
import { IdentityTable } from '../../../training/identity-table.ts';
import { type InputContext, loadSet, withInput } from '../../../training/input.ts';
import { loadRecognizer, requireImageSize } from '../../../training/recognizer.ts';
import { downsampling } from '../autoencoder/config.ts';
import { decoderParameters, encoderParameters } from '../autoencoder/layers.ts';
import { loadAutoencoder, requireDivisible } from '../autoencoder/weights.ts';
import type { IDiffFaceNetwork } from '../config.ts';
import { idiffFaceGrid } from '../grid.ts';
import { latentScaleOf } from '../latent-scale.ts';
import { idiffFaceLoss } from '../loss.ts';
import { idiffFaceDenoiser, latentsOf } from '../network.ts';
import { idiffFaceSamples } from '../samples.ts';
import type { ContextUNet } from '../unet/config.ts';
import { layoutOf } from '../unet/layout.ts';
import { family } from '../weights.ts';

/** `schema.json` */
interface Params extends DiffusionOptions {
  readonly data: ArtifactRef;
  readonly recognizer: ArtifactRef;
  readonly autoencoder: ArtifactRef;
  readonly network: Omit<ContextUNet, 'side' | 'channels' | 'identitySize'>;
  readonly recompute: boolean;
  readonly contextDropout: number;
  readonly scaleLatents: boolean;
  readonly flip: boolean;
  readonly samples: GridOptions | null;
}

/** `idiff-face/train`: IDiff-Face's generator. */
export const stage: StageKind<Params> = {
  run: (params, context) => withInput(context, copies, (input) => run(params, input)),
};

const run = async (params: Params, input: InputContext<CopyRecipe>): Promise<Outputs> => {
  const { store } = input;
  const { precision, flip, contextDropout, recompute, samples } = params;
  const recognizer = await loadRecognizer(store, params.recognizer);
  let encoder: Tensors = {};
  let decoder: Tensors = {};
  try {
    const autoencoder = await loadAutoencoder(store, params.autoencoder, encoderParameters);
    encoder = autoencoder.weights;
    if (samples) decoder = (await loadAutoencoder(store, params.autoencoder, decoderParameters)).weights;
    const data = await loadSet(input, params.data);
    requireImageSize(recognizer, data);
    requireDivisible(autoencoder.config, data);
    const { embedding } = recognizer.config;
    const imageSize = squareSide(recognizer.config);
    const unet: ContextUNet = {
      ...params.network,
      side: imageSize / downsampling(autoencoder.config),
      channels: autoencoder.config.channels,
      identitySize: embedding,
    };
    // What is refused is refused before hours of embedding.
    layoutOf(unet);
    const latentScale = params.scaleLatents ? await latentScaleOf(input, data, autoencoder, { precision }) : 1;
    const network: IDiffFaceNetwork = { ...unet, imageSize, latentScale, autoencoder: autoencoder.config };
    const identities = await IdentityTable.of(input, data, recognizer, { mirrored: false, precision });
    const denoiser = idiffFaceDenoiser(network, { recompute });
    const { conditionSize } = network;
    const method: DiffusionMethod = {
      denoiser,
      frozen: encoder,
      clean: ({ images }, frozen) => latentsOf(frozen, images as tf.Tensor4D, network),
      loss: idiffFaceLoss(denoiser),
      samples: idiffFaceSamples(identities, { conditionSize, dropout: contextDropout, flip }),
      ...(samples && { grid: idiffFaceGrid(samples, data, identities, decoder) }),
    };
    const { weights, log } = await trainDiffusion(input, data, method, params);
    const { autoencoder: _, ...stated } = network;
    return {
      weights: await writeWeights(store, weights, {
        network: { family, ...networkObject(stated) },
        imageSize,
        timesteps: params.timesteps,
        snrFactor: params.snrFactor,
        data: params.data.digest,
        recognizer: params.recognizer.digest,
        autoencoder: params.autoencoder.digest,
      }),
      log: await putTrainingLog(store, log),
    };
  } finally {
    tf.dispose([recognizer.weights, encoder, decoder]);
  }
};
