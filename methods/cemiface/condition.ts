import { exact } from '../../nn/kernels/annotate.ts';
import { linearParameters, type Parameter } from '../../nn/parameters.ts';
import { type Tensors, tf } from '../../nn/tf.ts';
import { linear } from '../../nn/unet/layers.ts';
import type { CemiFaceNetwork } from './config.ts';

/** The parameters of F1 (`condition.sim`) and F2 (`condition.att`). */
export const conditionParameters = (config: CemiFaceNetwork): Parameter[] => {
  const { identitySize, conditionSize, conditionTokens: tokens } = config;
  return [
    ...linearParameters('condition.sim', 1, conditionSize),
    ...linearParameters('condition.att', identitySize + conditionSize, tokens * conditionSize),
  ];
};

/**
 * C_att = F2(concat(C_id, C_sim)) with C_sim = F1(m) (CemiFace eq. 3 and 4), as K tokens.
 *
 * @param identity float32 [B, D], unit rows (C_id = E_id(x)) @param m float32 [B], similarity condition in [-1, 1]
 * @returns float32 [B, K, conditionSize]
 */
export const conditionTokens = (
  weights: Tensors,
  identity: tf.Tensor2D,
  m: tf.Tensor1D,
  { identityScale, conditionTokens: tokens, conditionSize }: CemiFaceNetwork,
): tf.Tensor3D => {
  const joined = exact(() => {
    const similarity = linear(weights, 'condition.sim', m.reshape([-1, 1]));
    return linear(weights, 'condition.att', tf.concat([identity.mul(identityScale), similarity], 1) as tf.Tensor2D);
  });
  return joined.reshape([-1, tokens, conditionSize]) as tf.Tensor3D;
};
