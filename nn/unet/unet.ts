import { activation } from '../kernels/activation.ts';
import { exact } from '../kernels/annotate.ts';
import { recompute } from '../kernels/recompute.ts';
import { depthToSpace, downsample2, spaceToDepth, upsample2 } from '../kernels/resample.ts';
import { silu } from '../kernels/silu.ts';
import { type Tensors, tf } from '../tf.ts';
import { attend, projectTokens } from './attention.ts';
import type { UNetConfig } from './config.ts';
import { conv, linear, norm } from './layers.ts';
import { type Block, blockProjection, layoutOf, sharedProjection } from './layout.ts';

/**
 * ε_θ(x_t, t, tokens): predicts the noise in x_t. Time enters each residual block by AdaGN (scale-shift group norm),
 * the condition enters the attention blocks as extra keys and values (CemiFace §3.3).
 *
 * @param weights `unetParameters(config)` by name
 * @param x float32 [B, H, W, C], noisy images
 * @param time float32 [B], time steps 0 … T−1
 * @param tokens float32 [B, K, D], condition tokens; undefined for a network without a condition
 * @param options.added float32 [B, 4·base], added to the embedding of the time (DCFace's identity feature)
 * @param options.recompute runs each block again on the way back instead of keeping what is inside it
 * @returns float32 [B, H, W, C], the predicted noise
 */
export const unet = (
  weights: Tensors,
  x: tf.Tensor4D,
  time: tf.Tensor1D,
  tokens: tf.Tensor3D | undefined,
  config: UNetConfig,
  options: { recompute?: boolean; added?: tf.Tensor2D } = {},
) => {
  const layout = layoutOf(config);
  const { added } = options;
  const embedding = silu(
    exact(() => {
      const embedded = timeEmbedding(weights, time, config.base);
      return added ? embedded.add(added) : embedded;
    }),
  ) as tf.Tensor2D;
  const shared = config.conditionProjection === 'shared';
  const condition = shared && tokens ? projectTokens(weights, sharedProjection, tokens) : tokens;
  const apply = (h: tf.Tensor4D, block: Block): tf.Tensor4D => {
    // Few channels, and the images themselves: rounding them would cost more than it saves.
    if (block.type === 'conv') return activation(exact(() => conv(weights, block.name, h)));
    const given: BlockInputs = block.type === 'attention' ? { h, ...(condition && { condition }) } : { h, embedding };
    if (!options.recompute) return applyBlock(weights, block, given, config);
    const own = Object.fromEntries(Object.entries(weights).filter(([name]) => name.startsWith(`${block.name}.`)));
    return recompute({ ...own, ...given }, (inputs) => ({
      y: applyBlock(inputs, block, inputs as BlockInputs, config),
    })).y as tf.Tensor4D;
  };
  const kept: tf.Tensor4D[] = [];
  let h = spaceToDepth(x, config.patch);
  for (const blocks of layout.input) {
    h = blocks.reduce(apply, h);
    kept.push(h);
  }
  h = layout.middle.reduce(apply, h);
  for (const blocks of layout.output) {
    h = blocks.reduce(apply, tf.concat([h, kept.pop() as tf.Tensor4D], 3));
  }
  h = norm(weights, 'out.0', h, config.groups, { silu: true });
  return depthToSpace(
    exact(() => conv(weights, 'out.2', activation(h))),
    config.patch,
  );
};

/**
 * What a block takes besides its weights. In attention: `condition`, the shared keys and values, or the tokens that the
 * block projects itself; absent where there are none. In residual blocks: `embedding`, of the time.
 */
type BlockInputs = Tensors;

const applyBlock = (
  weights: Tensors,
  block: Exclude<Block, { type: 'conv' }>,
  given: BlockInputs,
  config: UNetConfig,
): tf.Tensor4D => {
  const h = given.h as tf.Tensor4D;
  if (block.type === 'residual') return residual(weights, block, h, given.embedding as tf.Tensor2D, config);
  const condition = given.condition as tf.Tensor3D | undefined;
  const own = config.conditionProjection === 'block';
  const keysAndValues = own && condition ? projectTokens(weights, blockProjection(block), condition) : condition;
  return attend(weights, block, h, keysAndValues, config);
};

/** guided-diffusion's sinusoids, cosines first, then its two linear layers. @returns float32 [B, 4·base] */
const timeEmbedding = (weights: Tensors, time: tf.Tensor1D, base: number): tf.Tensor => {
  const half = base / 2;
  const frequencies = tf.tensor2d(
    Float32Array.from({ length: half }, (_, i) => Math.exp((-Math.log(10_000) * i) / half)),
    [1, half],
  );
  const angles = time.reshape([-1, 1]).mul(frequencies);
  const sinusoids = tf.concat([tf.cos(angles), tf.sin(angles)], 1) as tf.Tensor2D;
  return linear(weights, 'time_embed.2', silu(linear(weights, 'time_embed.0', sinusoids)) as tf.Tensor2D);
};

/** ResBlock of guided-diffusion with scale-shift norm; resampling happens before its first convolution. */
const residual = (
  weights: Tensors,
  block: Block & { type: 'residual' },
  x: tf.Tensor4D,
  embedding: tf.Tensor2D,
  config: UNetConfig,
): tf.Tensor4D => {
  const { name } = block;
  const resample = { none: (h: tf.Tensor4D) => h, down: downsample2, up: upsample2 }[block.resample];
  let h = resample(norm(weights, `${name}.in_layers.0`, x, config.groups, { silu: true }));
  h = conv(weights, `${name}.in_layers.2`, h);
  const [scale, shift] = tf.split(linear(weights, `${name}.emb_layers.1`, embedding), 2, 1) as [tf.Tensor, tf.Tensor];
  h = norm(weights, `${name}.out_layers.0`, h, config.groups, { film: { scale, shift }, silu: true });
  h = conv(weights, `${name}.out_layers.3`, h);
  const skip = resample(x);
  return h.add(block.from === block.to ? skip : conv(weights, `${name}.skip_connection`, skip));
};
