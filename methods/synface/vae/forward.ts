import { activation } from '../../../nn/kernels/activation.ts';
import { exact } from '../../../nn/kernels/annotate.ts';
import { biasAdd } from '../../../nn/kernels/bias.ts';
import { depthToSpace, spaceToDepth, upsample2 } from '../../../nn/kernels/resample.ts';
import { silu } from '../../../nn/kernels/silu.ts';
import { conv2d } from '../../../nn/layers/conv.ts';
import { type Tensors, tf } from '../../../nn/tf.ts';
import { conv, linear, norm } from '../../../nn/unet/layers.ts';
import { smallestMap, type VaeConfig } from './config.ts';
import { type DecoderBlock, decoderBlocks, encoderLayers } from './layers.ts';

/** A diagonal normal distribution of latents. */
export interface Posterior {
  /** float32 [B, latent] */
  readonly mean: tf.Tensor2D;
  /** float32 [B, latent], the logarithm of the variance */
  readonly logVariance: tf.Tensor2D;
}

/**
 * q(z | x, c): which latents may have made these images of these people.
 *
 * @param weights `encoderParameters` by name @param images float32 [B, S, S, 3] in [-1, 1]
 * @param identity float32 [B, identitySize]
 */
export const encode = (weights: Tensors, images: tf.Tensor4D, identity: tf.Tensor2D, config: VaeConfig): Posterior => {
  const map = encoderLayers(config).reduce(
    (h, { name, halves }) => {
      const w = weights[`${name}.conv.weight`] as tf.Tensor4D;
      const made = biasAdd(conv2d(h, w, halves ? 2 : 1), weights[`${name}.conv.bias`] as tf.Tensor);
      return norm(weights, `${name}.norm`, made, config.groups, { silu: true });
    },
    spaceToDepth(images, config.patch),
  );
  const [height, width, channels] = smallestMap(config);
  const rows = map.reshape([map.shape[0], height * width * channels]) as tf.Tensor2D;
  const joined = linear(weights, 'encoder.map', rows).add(linear(weights, 'encoder.identity', identity));
  const hidden = silu(joined) as tf.Tensor2D;
  // The distribution itself stays in float32: its logarithm is exponentiated.
  return exact(() => ({
    mean: linear(weights, 'encoder.mean', activation(hidden)),
    logVariance: linear(weights, 'encoder.log_variance', activation(hidden)),
  }));
};

/**
 * The mean of p(x | z, c).
 *
 * @param weights `decoderParameters` by name @param latent float32 [B, latent] @param identity float32 [B, identitySize]
 * @returns float32 [B, S, S, 3]; not clipped to [-1, 1]
 */
export const decode = (
  weights: Tensors,
  latent: tf.Tensor2D,
  identity: tf.Tensor2D,
  config: VaeConfig,
): tf.Tensor4D => {
  const joined = linear(weights, 'decoder.latent', latent).add(linear(weights, 'decoder.identity', identity));
  const hidden = silu(linear(weights, 'decoder.hidden', silu(joined) as tf.Tensor2D)) as tf.Tensor2D;
  const [height, width, channels] = smallestMap(config);
  const map = linear(weights, 'decoder.map', hidden).reshape([latent.shape[0], height, width, channels]) as tf.Tensor4D;
  const last = decoderBlocks(config).reduce((h, block) => residual(weights, block, h, hidden, config), map);
  const normal = norm(weights, 'decoder.norm_out', last, config.groups, { silu: true });
  return depthToSpace(
    exact(() => conv(weights, 'decoder.conv_out', activation(normal))),
    config.patch,
  );
};

/** A residual block whose second norm is scaled and shifted by the hidden layer (AdaGN, as in the diffusion networks). */
const residual = (
  weights: Tensors,
  { name, from, to, doubles }: DecoderBlock,
  x: tf.Tensor4D,
  hidden: tf.Tensor2D,
  { groups }: VaeConfig,
): tf.Tensor4D => {
  const input = doubles ? upsample2(x) : x;
  const first = conv(weights, `${name}.conv1`, norm(weights, `${name}.norm1`, input, groups, { silu: true }));
  const [scale, shift] = tf.split(linear(weights, `${name}.film`, hidden), 2, 1) as [tf.Tensor, tf.Tensor];
  const second = norm(weights, `${name}.norm2`, first, groups, { silu: true, film: { scale, shift } });
  const added = conv(weights, `${name}.conv2`, second);
  return added.add(from === to ? input : conv(weights, `${name}.shortcut`, input));
};
