import { tf } from '../tf.ts';

/** SiLU, x·σ(x), with its gradient in four passes: σ + y(1 − σ) times the incoming gradient. @param x float32, any shape */
export const silu = tf.customGrad((x, save) => {
  const input = x as tf.Tensor;
  const sigmoid = tf.sigmoid(input);
  const value = tf.mul(input, sigmoid);
  (save as tf.GradSaveFunc)([sigmoid, value]);
  return {
    value,
    gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
      const [s, y] = saved as [tf.Tensor, tf.Tensor];
      return tf.mul(dy, tf.add(s, tf.sub(y, tf.mul(y, s))));
    },
  };
}) as (x: tf.Tensor) => tf.Tensor;
