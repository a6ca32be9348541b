import { activation } from '../../../nn/kernels/activation.ts';
import { exact } from '../../../nn/kernels/annotate.ts';
import { biasAdd } from '../../../nn/kernels/bias.ts';
import { upsample2 } from '../../../nn/kernels/resample.ts';
import { downsampleConv2d } from '../../../nn/layers/conv.ts';
import { type Tensors, tf } from '../../../nn/tf.ts';
import { conv, norm } from '../../../nn/unet/layers.ts';
import type { AutoencoderConfig } from './config.ts';
import { decoderLayers, encoderLayers, type Layer } from './layers.ts';

/**
 * Latents of images, before they are quantised: those that the diffusion model learns (IDiff-Face's code).
 *
 * @param weights `encoderParameters` by name @param images float32 [B, H, W, 3] in [-1, 1], H and W divisible by f
 * @returns float32 [B, H / f, W / f, channels]
 */
export const encode = (weights: Tensors, images: tf.Tensor4D, config: AutoencoderConfig): tf.Tensor4D =>
  encoderLayers(config).reduce((h, layer) => apply(weights, layer, h, config), images);

/**
 * Images of quantised latents.
 *
 * @param weights `decoderParameters` by name @param latents float32 [B, h, w, channels]
 * @returns float32 [B, f·h, f·w, 3]; not clipped to [-1, 1]
 */
export const decode = (weights: Tensors, latents: tf.Tensor4D, config: AutoencoderConfig): tf.Tensor4D =>
  decoderLayers(config).reduce((h, layer) => apply(weights, layer, h, config), latents);

const eps = 1e-6;

const apply = (weights: Tensors, layer: Layer, h: tf.Tensor4D, { groups }: AutoencoderConfig): tf.Tensor4D => {
  const { name } = layer;
  const normal = (part: string, x: tf.Tensor4D, silu: boolean): tf.Tensor4D =>
    norm(weights, `${name}.${part}`, x, groups, { silu, eps });
  switch (layer.type) {
    case 'conv':
      // Few channels, and the images or latents themselves: rounding them would cost more than it saves.
      return activation(exact(() => conv(weights, name, h)));
    case 'down':
      return biasAdd(
        downsampleConv2d(h, weights[`${name}.weight`] as tf.Tensor4D),
        weights[`${name}.bias`] as tf.Tensor,
      );
    case 'up':
      return conv(weights, name, upsample2(h));
    case 'last': {
      const last = normal('norm_out', h, true);
      return exact(() => conv(weights, `${name}.conv_out`, activation(last)));
    }
    case 'residual': {
      const first = conv(weights, `${name}.conv1`, normal('norm1', h, true));
      const second = conv(weights, `${name}.conv2`, normal('norm2', first, true));
      return second.add(layer.from === layer.to ? h : conv(weights, `${name}.nin_shortcut`, h));
    }
    case 'attention':
      return h.add(attended(weights, name, normal('norm', h, false)));
  }
};

/** Self-attention of one head over all positions. @param x float32 [B, H, W, C], normalised */
const attended = (weights: Tensors, name: string, x: tf.Tensor4D): tf.Tensor4D => {
  const [b, h, w, c] = x.shape;
  const rows = (part: string): tf.Tensor3D => conv(weights, `${name}.${part}`, x).reshape([b, h * w, c]);
  const similarity = tf.matMul(rows('q'), rows('k'), false, true).mul(1 / Math.sqrt(c));
  const mixed = tf.matMul(tf.softmax(similarity), rows('v')).reshape([b, h, w, c]) as tf.Tensor4D;
  return conv(weights, `${name}.proj_out`, mixed);
};
