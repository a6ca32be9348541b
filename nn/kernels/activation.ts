import type { tf } from '../tf.ts';
import { annotated } from './annotate.ts';
import { attribute, op } from './backend.ts';
import { differentiable } from './differentiable.ts';

/**
 * Marks what comes out of an `exact` product, or goes into one, as an activation: under mixed precision it is rounded, and so is
 * its gradient. In float32 it is x itself.
 */
export const activation = <T extends tf.Tensor>(x: T): T =>
  differentiable(
    { x },
    () => rounded(x),
    (dy) => ({ x: () => rounded(dy) }),
  ) as T;

const rounded = (x: tf.Tensor): tf.Tensor =>
  annotated({ rounding: 'activation' }, () => op('Identity', [attribute.float32('T')], [x]));
