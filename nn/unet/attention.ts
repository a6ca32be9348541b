import { type Tensors, tf } from '../tf.ts';
import { headsOf, type UNetConfig } from './config.ts';
import { linear, norm } from './layers.ts';
import type { Block } from './layout.ts';

/**
 * Keys and values of the condition tokens. For each head in turn: its keys, then its values.
 *
 * @param name `sharedProjection`, or a block's `blockProjection`
 * @param tokens float32 [B, K, D] @returns float32 [B, K, 2C]
 */
export const projectTokens = (weights: Tensors, name: string, tokens: tf.Tensor3D): tf.Tensor3D => {
  const [b, k, size] = tokens.shape;
  return linear(weights, name, tokens.reshape([b * k, size]) as tf.Tensor2D).reshape([b, k, -1]) as tf.Tensor3D;
};

/**
 * Self-attention over the image's positions, with the keys and values of condition tokens in front of its own (CemiFace
 * §3.3). Heads lie as in guided-diffusion's QKVAttentionLegacy, so that published weights fit: the channels of `qkv` are
 * for each head in turn its queries, keys and values.
 *
 * @param x float32 [B, H, W, C] @param condition float32 [B, K, 2C], from `projectTokens`; undefined: plain self-attention @returns float32 [B, H, W, C]
 */
export const attend = (
  weights: Tensors,
  block: Block & { type: 'attention' },
  x: tf.Tensor4D,
  condition: tf.Tensor3D | undefined,
  config: UNetConfig,
): tf.Tensor4D => {
  const [b, h, w, c] = x.shape;
  const { name } = block;
  const heads = headsOf(c, config);
  const perHead = c / heads;
  const positions = h * w;
  /** [B, N, heads · n · perHead] as n tensors [B, heads, N, perHead]. */
  const byHead = (t: tf.Tensor, length: number, n: number): tf.Tensor[] =>
    tf.split(t.reshape([b, length, heads, n * perHead]).transpose([0, 2, 1, 3]), n, 3);
  const flat = norm(weights, `${name}.norm`, x, config.groups).reshape([b * positions, c]) as tf.Tensor2D;
  const [q, k, v] = byHead(linear(weights, `${name}.qkv`, flat), positions, 3) as [tf.Tensor, tf.Tensor, tf.Tensor];
  const [ck, cv] = condition ? (byHead(condition, condition.shape[1], 2) as [tf.Tensor, tf.Tensor]) : [];
  const keys = ck ? tf.concat([ck, k], 2) : k;
  const values = cv ? tf.concat([cv, v], 2) : v;
  const similarity = tf.matMul(q, keys, false, true).mul(1 / Math.sqrt(perHead));
  const mixed = tf
    .matMul(tf.softmax(similarity), values)
    .transpose([0, 2, 1, 3])
    .reshape([b * positions, c]);
  return x.add(linear(weights, `${name}.proj_out`, mixed as tf.Tensor2D).reshape([b, h, w, c]));
};
