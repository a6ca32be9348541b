import { exact } from '../../nn/kernels/annotate.ts';
import { type Tensors, tf } from '../../nn/tf.ts';
import { linear } from '../../nn/unet/layers.ts';

/**
 * The context that all transformer blocks share: a linear layer of the identity embedding, and IDiff-Face's contextual partial dropout
 * behind it. The published code drops entries of the context, not of the embedding.
 *
 * @param identity float32 [B, D], unit rows
 * @param mask float32 [B, conditionSize], from `contextMask`; absent in sampling
 * @returns float32 [B, conditionSize]
 */
export const contextOf = (weights: Tensors, identity: tf.Tensor2D, mask?: tf.Tensor2D): tf.Tensor2D => {
  const context = exact(() => linear(weights, 'context_emb', identity));
  return mask ? tf.mul(context, mask) : context;
};

/**
 * Factors of one context's entries: 0 for those that are dropped, 1 / (1 − rate) for the others, so that the mean stays what it
 * was, as PyTorch's Dropout does.
 *
 * @param rate the share that is dropped, 0 ≤ rate < 1 @param uniform random numbers in [0, 1); one is drawn for each entry at any rate
 */
export const contextMask = (size: number, rate: number, uniform: () => number): Float32Array =>
  Float32Array.from({ length: size }, () => (uniform() < rate ? 0 : 1 / (1 - rate)));
