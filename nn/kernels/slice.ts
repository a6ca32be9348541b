import { tf } from '../tf.ts';
import { attribute, op } from './backend.ts';

/**
 * `count` rows from `first` on, where `first` is a tensor: a traced step takes another with each batch. No gradient.
 *
 * @param x float32 [N, …] @param first int32 scalar, at most N − count
 * @returns float32 [count, …]
 */
export const rowsFrom = (x: tf.Tensor, first: tf.Scalar, count: number): tf.Tensor => {
  const rest = x.shape.slice(1);
  const begin = tf.concat([first.reshape([1]), tf.zeros([rest.length], 'int32')]);
  const size = tf.tensor1d([count, ...rest], 'int32');
  return op('Slice', [attribute.float32('T'), attribute.int32('Index')], [x, begin, size]);
};
