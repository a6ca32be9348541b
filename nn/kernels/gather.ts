import { tf } from '../tf.ts';
import { attribute, op } from './backend.ts';

/**
 * Rows by their numbers. tfjs reads the numbers to check them, which a traced step cannot. No gradient.
 *
 * @param x float32 [K, …] @param rows int32 [N], each below K
 * @returns float32 [N, …]
 */
export const gatherRows = (x: tf.Tensor, rows: tf.Tensor1D): tf.Tensor =>
  op(
    'GatherV2',
    [
      attribute.int('batch_dims', 0),
      attribute.float32('Tparams'),
      attribute.int32('Tindices'),
      attribute.int32('Taxis'),
    ],
    [x, rows, tf.scalar(0, 'int32')],
  );
