import { tf } from '../tf.ts';
import { annotated } from './annotate.ts';
import { attribute, op } from './backend.ts';
import { differentiable } from './differentiable.ts';

/**
 * Marks what comes out of an `exact` product as an activation: under mixed precision, the ops behind it take it rounded, and
 * give back a rounded gradient. In float32 it is x itself.
 */
export const activation = <T extends tf.Tensor>(x: T): T =>
  differentiable(
    { x },
    () => annotated({ rounding: 'activation' }, () => op('Identity', [attribute.float32('T')], [x])),
    (dy) => ({ x: () => tf.clone(dy) }),
  ) as T;
