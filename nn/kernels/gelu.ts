import { tf } from '../tf.ts';

/** GELU, x · Φ(x) with the normal distribution function itself (Hendrycks and Gimpel 2016), as PyTorch has it. */
export const gelu = <T extends tf.Tensor>(x: T): T => x.mul(tf.erf(x.mul(Math.SQRT1_2)).add(1).mul(0.5)) as T;
