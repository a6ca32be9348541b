import { gelu } from '../../../nn/kernels/gelu.ts';
import { type Tensors, tf } from '../../../nn/tf.ts';
import { conv, linear, norm } from '../../../nn/unet/layers.ts';
import { type ContextUNet, headsOf } from './config.ts';

/**
 * A transformer block: self-attention over the image's positions, cross-attention from these to the context's tokens alone, and a
 * feed-forward network, each behind one and the same group norm, as in the published code.
 *
 * @param x float32 [B, H, W, C] @param context float32 [B, D] @returns float32 [B, H, W, C]
 */
export const transform = (
  weights: Tensors,
  name: string,
  x: tf.Tensor4D,
  context: tf.Tensor2D,
  config: ContextUNet,
): tf.Tensor4D => {
  const [b, height, width] = x.shape;
  let h = conv(weights, `${name}.x_proj_in`, x);
  const inner = h.shape[3];
  const heads = headsOf(x.shape[3], config);
  const positions = height * width;
  const normal = (): tf.Tensor3D =>
    norm(weights, `${name}.x_norm`, h, config.groups).reshape([b, positions, inner]) as tf.Tensor3D;
  const add = (rows: tf.Tensor): tf.Tensor4D => h.add(rows.reshape(h.shape)) as tf.Tensor4D;
  const own = normal();
  h = add(attend(weights, `${name}.self_attention`, own, own, heads));
  h = add(attend(weights, `${name}.cross_attention`, normal(), contextTokens(weights, name, context, config), heads));
  const rows = normal().reshape([b * positions, inner]) as tf.Tensor2D;
  h = add(linear(weights, `${name}.ff.2`, gelu(linear(weights, `${name}.ff.0`, rows))));
  return x.add(conv(weights, `${name}.x_proj_out`, h));
};

/**
 * The context as K tokens of its own length, normalised. A linear layer gives D · K values, of which value d · K + k is
 * channel d of token k.
 *
 * @param context float32 [B, D] @returns float32 [B, K, D]
 */
export const contextTokens = (
  weights: Tensors,
  name: string,
  context: tf.Tensor2D,
  { conditionTokens: tokens, groups }: Pick<ContextUNet, 'conditionTokens' | 'groups'>,
): tf.Tensor3D => {
  const [b, size] = context.shape;
  const values = linear(weights, `${name}.c_proj_in`, context)
    .reshape([b, size, tokens])
    .transpose([0, 2, 1])
    .reshape([b, 1, tokens, size]) as tf.Tensor4D;
  return norm(weights, `${name}.c_norm`, values, groups).reshape([b, tokens, size]) as tf.Tensor3D;
};

/** Attention of several heads. @param queries float32 [B, N, I] @param tokens float32 [B, K, D], of keys and values */
const attend = (
  weights: Tensors,
  name: string,
  queries: tf.Tensor3D,
  tokens: tf.Tensor3D,
  heads: number,
): tf.Tensor2D => {
  /** [B, N, in] to [B, heads, N, inner / heads]. */
  const byHead = (part: string, t: tf.Tensor3D): tf.Tensor => {
    const [b, n, size] = t.shape;
    const projected = linear(weights, `${name}.${part}`, t.reshape([b * n, size]) as tf.Tensor2D);
    return projected.reshape([b, n, heads, -1]).transpose([0, 2, 1, 3]);
  };
  const [b, n, inner] = queries.shape;
  const similarity = tf.matMul(byHead('to_q', queries), byHead('to_k', tokens), false, true);
  const attention = tf.softmax(similarity.mul(1 / Math.sqrt(inner / heads)));
  const mixed = tf
    .matMul(attention, byHead('to_v', tokens))
    .transpose([0, 2, 1, 3])
    .reshape([b * n, inner]);
  return linear(weights, `${name}.proj_out`, mixed as tf.Tensor2D);
};
