import { tf } from '../tf.ts';
import { attribute, op } from './backend.ts';

/**
 * Nearest-neighbour up-sampling by 2 as reshape and tile; its gradient is the sum of each block,
 * four times its mean.
 * (tfjs refuses the gradient of a rank-6 tile, and its resize kernel's gradient is another, slower kernel.)
 * @param x float32 [B, H, W, C] @returns float32 [B, 2H, 2W, C]
 */
export const upsample2 = tf.customGrad((x) => {
  const input = x as tf.Tensor4D;
  const [b, h, w, c] = input.shape;
  const value = input
    .reshape([b, h, 1, w, 1, c])
    .tile([1, 1, 2, 1, 2, 1])
    .reshape([b, 2 * h, 2 * w, c]);
  return { value, gradFunc: (dy: tf.Tensor) => downsample2(dy as tf.Tensor4D).mul(4) };
}) as (x: tf.Tensor) => tf.Tensor4D;

/** Mean over 2 × 2 blocks. @param x float32 [B, H, W, C], H and W even @returns float32 [B, H/2, W/2, C] */
export const downsample2 = (x: tf.Tensor4D): tf.Tensor4D => tf.avgPool(x, 2, 2, 'valid');

/**
 * Moves p × p blocks of pixels into channels, [B, H, W, C] to [B, H/p, W/p, C·p²]; `depthToSpace` is its inverse and
 * so its gradient.
 */
export const spaceToDepth = (x: tf.Tensor4D, p: number): tf.Tensor4D =>
  p === 1 ? x : (blocks('SpaceToDepth', 'DepthToSpace', p)(x) as tf.Tensor4D);

/** The inverse of `spaceToDepth`. */
export const depthToSpace = (x: tf.Tensor4D, p: number): tf.Tensor4D =>
  p === 1 ? x : (blocks('DepthToSpace', 'SpaceToDepth', p)(x) as tf.Tensor4D);

const blocks = (forward: string, backward: string, p: number) =>
  tf.customGrad((x) => ({
    value: op(forward, blockAttributes(p), [x as tf.Tensor]),
    gradFunc: (dy: tf.Tensor) => op(backward, blockAttributes(p), [dy]),
  }));

const blockAttributes = (p: number) => [
  attribute.float32('T'),
  attribute.int('block_size', p),
  attribute.string('data_format', 'NHWC'),
];
