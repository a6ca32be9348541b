import type { Denoiser } from '../../nn/diffusion/denoiser.ts';
import { prefixed, withPrefix } from '../../nn/gradients.ts';
import { type Tensors, tf } from '../../nn/tf.ts';
import { decode, encode } from './autoencoder/forward.ts';
import { codebookName } from './autoencoder/layers.ts';
import { nearest } from './autoencoder/quantise.ts';
import { contextOf } from './condition.ts';
import type { IDiffFaceNetwork } from './config.ts';
import { unetParameters } from './unet/layout.ts';
import { contextUNet } from './unet/unet.ts';

/**
 * The denoiser of latents. In training, the conditions also hold `contextMask`; `decode` also reads the autoencoder's decoder, under
 * the names that `decoderWeights` gives.
 *
 * @param options.recompute runs the UNet's modules again on the way back, which saves memory and costs a forward pass
 */
export const idiffFaceDenoiser = (config: IDiffFaceNetwork, options: { recompute?: boolean } = {}): Denoiser => ({
  parameters: unetParameters(config),
  shape: [config.side, config.side, config.channels],
  conditions: { identity: [config.identitySize] },
  prediction: config.prediction,
  clip: false,
  predict: (weights, noisy, time, { identity, contextMask }: Tensors) => {
    const context = contextOf(weights, identity as tf.Tensor2D, contextMask as tf.Tensor2D | undefined);
    return contextUNet(weights, noisy, time, context, config, options);
  },
  decode: (weights, latents) => {
    const decoder = withPrefix(weights, 'autoencoder');
    const codes = nearest(tf.div(latents, config.latentScale), decoder[codebookName] as tf.Tensor2D);
    return tf.clipByValue(decode(decoder, codes, config.autoencoder), -1, 1);
  },
});

/** The decoder's weights beside those of the UNet. @param decoder `decoderParameters` by name */
export const decoderWeights = (decoder: Tensors): Tensors => prefixed(decoder, 'autoencoder');

/** x_0 of images: latents before they are quantised, as published. @param encoder `encoderParameters` by name */
export const latentsOf = (encoder: Tensors, images: tf.Tensor4D, config: IDiffFaceNetwork): tf.Tensor4D =>
  tf.mul(encode(encoder, images, config.autoencoder), config.latentScale);
