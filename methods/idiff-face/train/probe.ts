import { trained } from '../../../core/estimate.ts';
import type { ProbeStage } from '../../../core/probe.ts';
import type { PrecisionOption } from '../../../nn/compile/precision.ts';
import { type RecognizerConfig, squareSide } from '../../../nn/recognizer/config.ts';
import { trainingProbe } from '../../../training/diffusion/probes.ts';
import { type AutoencoderConfig, downsampling } from '../autoencoder/config.ts';
import { idiffFaceLoss } from '../loss.ts';
import { idiffFaceDenoiser } from '../network.ts';
import type { ContextUNet } from '../unet/config.ts';
import { unetMultiplications } from '../unet/count.ts';

interface Params extends PrecisionOption {
  readonly recognizer: object;
  readonly autoencoder: object;
  readonly network: Omit<ContextUNet, 'side' | 'channels' | 'identitySize'>;
  readonly batch: number;
  /** 0: the whole batch. */
  readonly microBatch: number;
  readonly recompute: boolean;
}

/** On latents: the encoder, which runs forward alone, is left out. */
export const probe: ProbeStage<Params> = (params, known) => {
  const { batch, microBatch, recompute, precision } = params;
  const recognizer = known.network<RecognizerConfig>(params.recognizer);
  const autoencoder = known.network<AutoencoderConfig>(params.autoencoder);
  const imageSize = squareSide(recognizer);
  const network = {
    ...{ ...params.network, imageSize, autoencoder, latentScale: 1, channels: autoencoder.channels },
    ...{ side: imageSize / downsampling(autoencoder), identitySize: recognizer.embedding },
  };
  const denoiser = idiffFaceDenoiser(network, { recompute });
  const each = trained(unetMultiplications(network), params);
  return trainingProbe(
    { denoiser, loss: idiffFaceLoss(denoiser), frozen: {} },
    { count: microBatch || batch, each, precision },
  );
};
