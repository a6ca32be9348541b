import { type Tensors, tf } from '../tf.ts';
import type { UNetConfig } from '../unet/config.ts';
import { linear } from '../unet/layers.ts';

/**
 * C_att = F2(concat(C_id, C_sim)) with C_sim = F1(m) (CemiFace eq. 3 and 4), as K tokens.
 *
 * A unit identity embedding has entries of about 1/sqrt(D); it is scaled by sqrt(D) so that both parts of the
 * concatenation have entries of order one.
 *
 * @param identity float32 [B, D], unit rows (C_id = E_id(x)) @param m float32 [B], similarity condition in [-1, 1]
 * @returns float32 [B, K, conditionSize]
 */
export const conditionTokens = (weights: Tensors, identity: tf.Tensor2D, m: tf.Tensor1D, config: UNetConfig) => {
  const similarity = linear(weights, 'condition.sim', m.reshape([-1, 1]));
  const joined = tf.concat([identity.mul(Math.sqrt(config.identitySize)), similarity], 1) as tf.Tensor2D;
  return linear(weights, 'condition.att', joined).reshape([
    -1,
    config.conditionTokens,
    config.conditionSize,
  ]) as tf.Tensor3D;
};
