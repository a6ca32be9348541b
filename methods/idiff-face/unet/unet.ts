import { activation } from '../../../nn/kernels/activation.ts';
import { exact } from '../../../nn/kernels/annotate.ts';
import { biasAdd } from '../../../nn/kernels/bias.ts';
import { recompute } from '../../../nn/kernels/recompute.ts';
import { silu } from '../../../nn/kernels/silu.ts';
import { conv2d, upsampleConv2d } from '../../../nn/layers/conv.ts';
import { type Tensors, tf } from '../../../nn/tf.ts';
import { conv, linear, norm } from '../../../nn/unet/layers.ts';
import { transform } from './attention.ts';
import type { ContextUNet } from './config.ts';
import { layoutOf, type Module } from './layout.ts';

/**
 * ε_θ(x_t, t, context), the published UNet of condition type `CA`. Time enters each residual block by AdaGN (scale and shift of a group
 * norm), the context each transformer block as tokens.
 *
 * @param weights `unetParameters(config)` by name
 * @param x float32 [B, side, side, C], noisy latents @param time float32 [B], time steps 0 … T−1
 * @param context float32 [B, D]
 * @param options.recompute runs each module again on the way back instead of keeping what is inside it
 * @returns float32 [B, side, side, C], the noise or the velocity
 */
export const contextUNet = (
  weights: Tensors,
  x: tf.Tensor4D,
  time: tf.Tensor1D,
  context: tf.Tensor2D,
  config: ContextUNet,
  options: { readonly recompute?: boolean } = {},
): tf.Tensor4D => {
  const { down, middle, up } = layoutOf(config);
  const embedding = silu(exact(() => timeEmbedding(weights, time, config.base))) as tf.Tensor2D;
  const run = (name: string, h: tf.Tensor4D, body: (w: Tensors, inputs: Inputs) => tf.Tensor4D): tf.Tensor4D => {
    const inputs = { h, embedding, context };
    if (!options.recompute) return body(weights, inputs);
    const own = Object.fromEntries(Object.entries(weights).filter(([each]) => each.startsWith(`${name}.`)));
    return recompute({ ...own, ...inputs }, (given) => ({ y: body(given, given as unknown as Inputs) }))
      .y as tf.Tensor4D;
  };
  const apply = (module: Module, h: tf.Tensor4D): tf.Tensor4D =>
    run(module.name, h, (w, inputs) => applyModule(w, module, inputs, config));
  // Few channels, and the latents themselves: rounding them would cost more than it saves.
  let h = activation(exact(() => conv(weights, 'image_proj', x)));
  const kept = [h];
  for (const module of down) {
    h = apply(module, h);
    kept.push(h);
  }
  h = run('middle', h, (w, { h: from, ...rest }) => {
    const residualOf = (name: string, y: tf.Tensor4D): tf.Tensor4D =>
      residual(w, name, y, { ...rest, from: middle, to: middle }, config);
    return residualOf(
      'middle.res2',
      transform(w, 'middle.attn', residualOf('middle.res1', from), rest.context, config),
    );
  });
  for (const module of up) {
    const joined = module.type === 'up' ? h : (tf.concat([h, kept.pop() as tf.Tensor4D], 3) as tf.Tensor4D);
    h = apply(module, joined);
  }
  const last = norm(weights, 'norm', h, config.groups, { silu: true });
  return exact(() => conv(weights, 'final', activation(last)));
};

/** What a module takes besides its weights. */
type Inputs = {
  readonly h: tf.Tensor4D;
  /** Of the time, behind SiLU, float32 [B, 4·base]. */
  readonly embedding: tf.Tensor2D;
  readonly context: tf.Tensor2D;
};

const applyModule = (
  weights: Tensors,
  module: Module,
  { h, embedding, context }: Inputs,
  config: ContextUNet,
): tf.Tensor4D => {
  const { name } = module;
  if (module.type === 'block') {
    const { from, to } = module;
    const y = residual(weights, `${name}.res`, h, { embedding, from, to }, config);
    return module.attention ? transform(weights, `${name}.attn`, y, context, config) : y;
  }
  if (!(module.type === 'down' ? module.halved : module.doubled)) return conv(weights, `${name}.conv`, h);
  const weight = weights[`${name}.conv.weight`] as tf.Tensor4D;
  const y = module.type === 'down' ? conv2d(h, weight, 2) : upsampleConv2d(h, weight);
  return biasAdd(y, weights[`${name}.conv.bias`] as tf.Tensor);
};

/** Sinusoids, cosines first, then two linear layers. @returns float32 [B, 4·base] */
const timeEmbedding = (weights: Tensors, time: tf.Tensor1D, base: number): tf.Tensor => {
  const half = base / 2;
  const frequencies = tf.tensor2d(
    Float32Array.from({ length: half }, (_, i) => Math.exp((-Math.log(10_000) * i) / half)),
    [1, half],
  );
  const angles = time.reshape([-1, 1]).mul(frequencies);
  const sinusoids = tf.concat([tf.cos(angles), tf.sin(angles)], 1) as tf.Tensor2D;
  return linear(weights, 'time_emb.lin2', silu(linear(weights, 'time_emb.lin1', sinusoids)) as tf.Tensor2D);
};

/** The time passes one linear layer, and then one each for scale and shift. */
const residual = (
  weights: Tensors,
  name: string,
  x: tf.Tensor4D,
  { embedding, from, to }: { readonly embedding: tf.Tensor2D; readonly from: number; readonly to: number },
  { groups }: ContextUNet,
): tf.Tensor4D => {
  const time = linear(weights, `${name}.time_emb.1`, embedding);
  const film = { scale: linear(weights, `${name}.scale_emb`, time), shift: linear(weights, `${name}.shift_emb`, time) };
  let h = conv(weights, `${name}.conv1`, norm(weights, `${name}.norm1`, x, groups, { silu: true }));
  h = norm(weights, `${name}.norm2.norm`, h, groups, { film, silu: true });
  h = conv(weights, `${name}.conv2`, h);
  return h.add(from === to ? x : conv(weights, `${name}.shortcut`, x));
};
