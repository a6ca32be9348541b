import { tf } from '../tf.ts';

/** Rows scaled to length one. @param x float32 [B, D] */
export const unitRows = (x: tf.Tensor): tf.Tensor2D =>
  x.div(tf.sqrt(x.square().sum(1, true).add(1e-12))) as tf.Tensor2D;
