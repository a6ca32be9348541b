import { attribute, op } from '../kernels/backend.ts';
import { differentiable } from '../kernels/differentiable.ts';
import { matMul } from '../kernels/mat-mul.ts';
import { kernelChoice } from '../native/library.ts';
import { tf } from '../tf.ts';

/**
 * Channels weighted by sigmoid(relu(mean over pixels · reduce) · expand) (Hu et al. 2018).
 *
 * @param h float32 [B, H, W, C] @param reduce float32 [C, C/r] @param expand float32 [C/r, C]
 */
export const squeezeExcite = (h: tf.Tensor4D, reduce: tf.Tensor2D, expand: tf.Tensor2D): tf.Tensor4D =>
  kernelChoice() === 'native' ? native(h, reduce, expand) : composed(h, reduce, expand);

const composed = (h: tf.Tensor4D, reduce: tf.Tensor2D, expand: tf.Tensor2D): tf.Tensor4D => {
  const pooled = tf.mean(h, [1, 2]) as tf.Tensor2D;
  const gate = tf.sigmoid(matMul(tf.relu(matMul(pooled, reduce)), expand));
  return tf.mul(h, tf.reshape(gate, [-1, 1, 1, h.shape[3]]));
};

/**
 * `nn/native/samples.h`, with the gradient by hand, so that the image's two gradients, through the gate and through the mean, are written in
 * one pass: dh = dy · gate + dmean / N.
 */
const native = (h: tf.Tensor4D, reduce: tf.Tensor2D, expand: tf.Tensor2D): tf.Tensor4D => {
  const positions = h.shape[1] * h.shape[2];
  return differentiable(
    { h, reduce, expand },
    (save) => {
      const pooled = tf.div(positionSums(h), positions) as tf.Tensor2D;
      const hidden = tf.relu(matMul(pooled, reduce)) as tf.Tensor2D;
      const gate = tf.sigmoid(matMul(hidden, expand));
      save([h, reduce, expand, pooled, hidden, gate]);
      return sampleAffine(h, gate, tf.zerosLike(gate)) as tf.Tensor4D;
    },
    (dy, saved) => {
      const [x, w1, w2, pooled, hidden, gate] = saved as [tf.Tensor4D, ...tf.Tensor2D[]] & {
        readonly [i: number]: tf.Tensor2D;
      };
      const dGate = positionSums(dy, x);
      const dLogits = tf.mul(dGate, tf.mul(gate as tf.Tensor, tf.sub(1, gate as tf.Tensor))) as tf.Tensor2D;
      const active = tf.cast(tf.greater(hidden as tf.Tensor, 0), 'float32');
      const dHidden = tf.mul(matMul(dLogits, tf.transpose(w2 as tf.Tensor2D)), active) as tf.Tensor2D;
      return {
        h: () => {
          const dPooled = matMul(dHidden, tf.transpose(w1 as tf.Tensor2D));
          return sampleAffine(dy, gate as tf.Tensor, tf.div(dPooled, positions));
        },
        reduce: () => matMul(tf.transpose(pooled as tf.Tensor2D), dHidden),
        expand: () => matMul(tf.transpose(hidden as tf.Tensor2D), dLogits),
      };
    },
  );
};

/** Sums over positions of x, or of x · other. @returns float32 [B, C] */
const positionSums = (x: tf.Tensor, ...other: tf.Tensor[]): tf.Tensor =>
  op('CemiflowPositionSums', [attribute.float32('T'), attribute.int('others', other.length)], [x, ...other]);

/** x · scale + shift. @param scale, shift float32 [B, C] */
const sampleAffine = (x: tf.Tensor, scale: tf.Tensor, shift: tf.Tensor): tf.Tensor =>
  op('CemiflowSampleAffine', [attribute.float32('T')], [x, scale, shift]);
