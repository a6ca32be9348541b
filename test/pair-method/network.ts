import type { Denoiser } from '../../nn/diffusion/denoiser.ts';
import { downsample2, upsample2 } from '../../nn/kernels/resample.ts';
import { linearParameters } from '../../nn/parameters.ts';
import { type Tensors, tf } from '../../nn/tf.ts';
import { type UNetConfig, unetShape } from '../../nn/unet/config.ts';
import { linear } from '../../nn/unet/layers.ts';
import { unetParameters } from '../../nn/unet/layout.ts';
import { unet } from '../../nn/unet/unet.ts';

/**
 * A method for tests that differs from CemiFace in every respect that the trainer must leave open: two images of one
 * identity in a sample, latents, images that are not square, no clipping, ancestral sampling, no recognizer. This folder
 * lies as deep as one of `methods/`, so that a copy of it there works as well.
 */
export const pairNetwork = (height: number, width: number): UNetConfig => ({
  imageSize: [height / 2, width / 2],
  ...{ patch: 1, base: 8, multipliers: [1, 2], blocks: 1, attention: [1], headChannels: 8, groups: 4 },
  conditionSize: 16,
  conditionProjection: 'block',
  prediction: 'epsilon',
});

/** Latents are images of half the size: a stand-in for a frozen autoencoder. */
export const encode = (images: tf.Tensor): tf.Tensor4D => downsample2(images as tf.Tensor4D);

/** The partner, another image of the same identity, becomes one token by a layer that is trained with the UNet. */
export const pairDenoiser = (network: UNetConfig): Denoiser => {
  const [height, width] = unetShape(network);
  const pixels = height * width * 3;
  return {
    parameters: unetParameters(network, linearParameters('condition', pixels, network.conditionSize)),
    shape: unetShape(network),
    conditions: { partner: [2 * height, 2 * width, 3] },
    prediction: network.prediction,
    clip: false,
    predict: (weights, noisy, time, { partner }: Tensors) => {
      const small = encode(partner as tf.Tensor).reshape([-1, pixels]) as tf.Tensor2D;
      const tokens = linear(weights, 'condition', small).reshape([-1, 1, network.conditionSize]) as tf.Tensor3D;
      return unet(weights, noisy, time, tokens, network);
    },
    decode: (_weights, latents) => tf.clipByValue(upsample2(latents), -1, 1) as tf.Tensor4D,
  };
};
