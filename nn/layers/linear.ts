import { biasAdd } from '../kernels/bias.ts';
import { matMul } from '../kernels/mat-mul.ts';
import { tf } from '../tf.ts';

/** x · w + b. @param x float32 [B, in] @param w float32 [in, out] @param bias float32 [out] @returns float32 [B, out] */
export const linear = (x: tf.Tensor2D, w: tf.Tensor, bias: tf.Tensor): tf.Tensor2D =>
  biasAdd(matMul(x, w as tf.Tensor2D), bias);

/** Elements are dropped with probability `rate`, the others scaled by 1 / (1 − rate). @param uniform [0, 1), as x */
export const dropout = <T extends tf.Tensor>(x: T, rate: number, uniform: tf.Tensor): T =>
  tf.mul(x, tf.mul(tf.cast(tf.greaterEqual(uniform, rate), 'float32'), 1 / (1 - rate))) as T;
