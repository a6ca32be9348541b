import { biasAdd } from '../kernels/bias.ts';
import { type GroupNormOptions, groupNorm } from '../kernels/group-norm.ts';
import { matMul } from '../kernels/mat-mul.ts';
import { conv2d } from '../layers/conv.ts';
import type { Tensors, tf } from '../tf.ts';

/** 3 × 3 (padding 1) or 1 × 1 convolution with bias. */
export const conv = (weights: Tensors, name: string, x: tf.Tensor4D): tf.Tensor4D =>
  biasAdd(conv2d(x, weights[`${name}.weight`] as tf.Tensor4D), weights[`${name}.bias`] as tf.Tensor);

/** x · weight + bias. @param x float32 [N, in] @returns float32 [N, out] */
export const linear = (weights: Tensors, name: string, x: tf.Tensor2D): tf.Tensor2D =>
  biasAdd(matMul(x, weights[`${name}.weight`] as tf.Tensor2D), weights[`${name}.bias`] as tf.Tensor);

/** Group norm; see `groupNorm`. @param x float32 [B, H, W, C] */
export const norm = (
  weights: Tensors,
  name: string,
  x: tf.Tensor4D,
  groups: number,
  options: GroupNormOptions = {},
): tf.Tensor4D =>
  groupNorm(
    x,
    weights[`${name}.weight`] as tf.Tensor,
    weights[`${name}.bias`] as tf.Tensor,
    divisorUpTo(groups, x.shape[3]),
    options,
  );

/** The largest divisor of `channels` that is not above `groups`. */
const divisorUpTo = (groups: number, channels: number): number => {
  let divisor = Math.min(groups, channels);
  while (channels % divisor !== 0) divisor--;
  return divisor;
};
