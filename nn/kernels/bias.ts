import { tf } from '../tf.ts';
import { attribute, op } from './backend.ts';
import { differentiable } from './differentiable.ts';

/**
 * x + bias by TensorFlow's BiasAdd, which it fuses into the convolution or product before.
 *
 * @param x float32 [..., C] @param bias float32 [C]
 */
export const biasAdd = <T extends tf.Tensor>(x: T, bias: tf.Tensor): T => {
  const attributes = [attribute.float32('T'), attribute.string('data_format', 'NHWC')];
  return differentiable(
    { x, bias },
    () => op('BiasAdd', attributes, [x, bias]),
    (dy) => ({ x: () => tf.clone(dy), bias: () => op('BiasAddGrad', attributes, [dy]) }),
  ) as T;
};
