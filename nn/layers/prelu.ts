import { attribute, op, opMany } from '../kernels/backend.ts';
import { differentiable } from '../kernels/differentiable.ts';
import { kernelChoice } from '../native/library.ts';
import { tf } from '../tf.ts';

/**
 * max(0, x) + alpha · min(0, x), one alpha a channel (PyTorch's PReLU). tfjs composes it of seven passes, `composed` of three.
 *
 * @param x float32 [..., C] @param alpha float32 [C]
 */
export const prelu = <T extends tf.Tensor>(x: T, alpha: tf.Tensor): T =>
  kernelChoice() === 'native' ? native(x, alpha) : composed(x, alpha);

/** `nn/native/channels.h`. */
const native = <T extends tf.Tensor>(x: T, alpha: tf.Tensor): T =>
  differentiable(
    { x, alpha },
    (save) => {
      save([x, alpha]);
      return op('CemiflowPrelu', [attribute.float32('T')], [x, alpha]);
    },
    (dy, saved) => {
      const [dx, dAlpha] = opMany('CemiflowPreluGrad', [attribute.float32('T')], [dy, ...saved], 2);
      return { x: () => dx as tf.Tensor, alpha: () => dAlpha as tf.Tensor };
    },
  ) as T;

const composed = <T extends tf.Tensor>(x: T, alpha: tf.Tensor): T =>
  differentiable(
    { x, alpha },
    (save) => {
      save([x, alpha]);
      return tf.where(tf.greater(x, 0), x, tf.mul(x, alpha));
    },
    (dy, saved) => {
      const [input, slope] = saved as [tf.Tensor, tf.Tensor];
      return {
        x: () => tf.where(tf.greater(input, 0), dy, tf.mul(dy, slope)),
        alpha: () => tf.sum(tf.mul(dy, tf.minimum(input, 0)), [...input.shape.keys()].slice(0, -1)),
      };
    },
  ) as T;
