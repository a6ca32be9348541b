import { type Tensors, tf } from '../tf.ts';
import type { UNetConfig } from './config.ts';
import { linear, norm } from './layers.ts';
import type { Block } from './layout.ts';

/**
 * Self-attention over the image's positions, whose keys and values are joined by those of the condition tokens
 * (CemiFace §3.3: K and V are the concatenation of spatial and condition tokens).
 *
 * @param x float32 [B, H, W, C] @param tokens float32 [B, K, D] @returns float32 [B, H, W, C]
 */
export const attend = (
  weights: Tensors,
  block: Block & { type: 'attention' },
  x: tf.Tensor4D,
  tokens: tf.Tensor3D,
  config: UNetConfig,
): tf.Tensor4D => {
  const [b, h, w, c] = x.shape;
  const { name } = block;
  const heads = Math.max(1, Math.floor(c / config.headChannels));
  const perHead = c / heads;
  const positions = h * w;
  const extra = tokens.shape[1];
  const byHead = (t: tf.Tensor, length: number): tf.Tensor4D =>
    t.reshape([b, length, heads, perHead]).transpose([0, 2, 1, 3]) as tf.Tensor4D;
  const flat = norm(weights, `${name}.norm`, x, config.groups).reshape([b * positions, c]) as tf.Tensor2D;
  const [q, k, v] = tf.split(linear(weights, `${name}.qkv`, flat), 3, 1) as [tf.Tensor, tf.Tensor, tf.Tensor];
  const condition = linear(weights, `${name}.encoder_kv`, tokens.reshape([b * extra, tokens.shape[2]]) as tf.Tensor2D);
  const [ck, cv] = tf.split(condition, 2, 1) as [tf.Tensor, tf.Tensor];
  const keys = tf.concat([byHead(ck, extra), byHead(k, positions)], 2);
  const values = tf.concat([byHead(cv, extra), byHead(v, positions)], 2);
  const similarity = tf.matMul(byHead(q, positions), keys, false, true).mul(1 / Math.sqrt(perHead));
  const mixed = tf
    .matMul(tf.softmax(similarity), values)
    .transpose([0, 2, 1, 3])
    .reshape([b * positions, c]);
  return x.add(linear(weights, `${name}.proj_out`, mixed as tf.Tensor2D).reshape([b, h, w, c]));
};
