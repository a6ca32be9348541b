import { seedPair, type Tag } from '../../core/random.ts';
import { tf } from '../tf.ts';
import { attribute, op } from './backend.ts';

/**
 * Standard normal numbers as a function of the seed alone (TensorFlow's counter-based Philox), made by the library's
 * own kernel: never a state, never seed 0, and ten times as fast as numbers made in JavaScript.
 *
 * @param seed int32 [2], both values non-zero (`seedTensor`)
 * @returns float32 of `shape`, standard normal
 */
export const statelessNormal = (shape: number[], seed: tf.Tensor1D): tf.Tensor =>
  op(
    'StatelessRandomNormal',
    [attribute.float32('dtype'), attribute.int32('T'), attribute.int32('Tseed')],
    [tf.tensor1d(shape, 'int32'), seed],
  );

/** Uniform numbers in [0, 1) as a function of the seed alone. @param seed int32 [2] */
export const statelessUniform = (shape: number[], seed: tf.Tensor1D): tf.Tensor =>
  op(
    'StatelessRandomUniform',
    [attribute.float32('dtype'), attribute.int32('T'), attribute.int32('Tseed')],
    [tf.tensor1d(shape, 'int32'), seed],
  );

/** The seed of one draw as a tensor, so that a traced step takes a new one with each batch. @returns int32 [2] */
export const seedTensor = (seed: number, ...tags: Tag[]): tf.Tensor1D => tf.tensor1d(seedPair(seed, ...tags), 'int32');
