import { attribute, type OpAttribute, op, opMany } from '../kernels/backend.ts';
import { differentiable } from '../kernels/differentiable.ts';
import { kernelChoice } from '../native/library.ts';
import { tf } from '../tf.ts';

const attributesOf = (eps: number, training: boolean): OpAttribute[] => [
  attribute.float32('T'),
  attribute.float32('U'),
  attribute.float('epsilon', eps),
  attribute.string('data_format', 'NHWC'),
  attribute.bool('is_training', training),
];

/** What a batch gives: its normalised image, and the statistics that running ones are made of. */
interface Normalised {
  readonly y: tf.Tensor4D;
  readonly mean: tf.Tensor;
  readonly variance: tf.Tensor;
}

/**
 * Batch normalisation by the batch's own statistics, with our own kernels or TensorFlow's fused ones both ways.
 *
 * @param x float32 [B, H, W, C] @param gamma float32 [C] @param beta float32 [C]
 * @returns `y` float32 [B, H, W, C], normalised by the biased variance; `mean` and the unbiased `variance` float32 [C]
 *   for the running statistics (no gradient flows through these two)
 */
export const batchNormTrain = (x: tf.Tensor4D, gamma: tf.Tensor, beta: tf.Tensor, eps = 1e-5): Normalised =>
  (kernelChoice() === 'native' ? native : composed)(x, gamma, beta, eps);

/** `nn/native/batch-norm.h`. */
const native = (x: tf.Tensor4D, gamma: tf.Tensor, beta: tf.Tensor, eps: number): Normalised => {
  const type = attribute.float32('T');
  const [y, mean, variance] = differentiable(
    { x, gamma, beta },
    (save) => {
      const made = opMany('CemiflowBatchNorm', [type, attribute.float('eps', eps)], [x, gamma, beta], 4);
      save([x, gamma, made[1] as tf.Tensor, made[3] as tf.Tensor]);
      return made.slice(0, 3);
    },
    ([dy], saved) => {
      const made = opMany('CemiflowBatchNormGrad', [type], [dy as tf.Tensor, ...saved], 3);
      return { x: () => made[0] as tf.Tensor, gamma: () => made[1] as tf.Tensor, beta: () => made[2] as tf.Tensor };
    },
  ) as [tf.Tensor4D, tf.Tensor, tf.Tensor];
  return { y, mean, variance };
};

const composed = (x: tf.Tensor4D, gamma: tf.Tensor, beta: tf.Tensor, eps: number): Normalised => {
  const [y, mean, variance] = differentiable(
    { x, gamma, beta },
    (save) => {
      const attributes = [...attributesOf(eps, true), attribute.float('exponential_avg_factor', 1)];
      const none = tf.tensor1d([], 'float32');
      const made = opMany('FusedBatchNormV3', attributes, [x, gamma, beta, none, none], 6);
      save([x, gamma, ...made.slice(3)]);
      return made.slice(0, 3);
    },
    ([dy], saved) => {
      const made = opMany('FusedBatchNormGradV3', attributesOf(eps, true), [dy as tf.Tensor, ...saved], 5);
      return { x: () => made[0] as tf.Tensor, gamma: () => made[1] as tf.Tensor, beta: () => made[2] as tf.Tensor };
    },
  ) as [tf.Tensor4D, tf.Tensor, tf.Tensor];
  return { y, mean, variance };
};

/** Scale and shift that a normalisation with fixed statistics amounts to. @returns float32 [C] each */
export const frozenAffine = (
  { gamma, beta, mean, variance }: { gamma?: tf.Tensor; beta?: tf.Tensor; mean: tf.Tensor; variance: tf.Tensor },
  eps = 1e-5,
): { scale: tf.Tensor; shift: tf.Tensor } => {
  const inverse = tf.div(1, tf.sqrt(tf.add(variance, eps)));
  const scale = gamma ? tf.mul(gamma, inverse) : inverse;
  const shifted = tf.neg(tf.mul(mean, scale));
  return { scale, shift: beta ? tf.add(beta, shifted) : shifted };
};

/**
 * x · scale + shift per channel, where only x has a gradient: the statistics are fixed.
 *
 * @param x float32 [..., C] @param scale float32 [C] @param shift float32 [C]
 */
export const affine = <T extends tf.Tensor>(x: T, { scale, shift }: { scale: tf.Tensor; shift: tf.Tensor }): T => {
  if (kernelChoice() !== 'native') return tf.add(tf.mul(x, scale), shift) as T;
  const native = (values: tf.Tensor, by: tf.Tensor, plus: tf.Tensor): tf.Tensor =>
    op('CemiflowAffine', [attribute.float32('T')], [values, by, plus]);
  return differentiable(
    { x },
    (save) => {
      save([scale]);
      return native(x, scale, shift);
    },
    (dy, [by]) => ({ x: () => native(dy, by as tf.Tensor, tf.zerosLike(by as tf.Tensor)) }),
  ) as T;
};

/**
 * A running statistic after one batch, in PyTorch's terms: (1 − momentum) · running + momentum · batch.
 *
 * @param running float32 [C] @param batch float32 [C]
 */
export const runningAverage = (running: tf.Tensor, batch: tf.Tensor, momentum = 0.1): tf.Tensor =>
  tf.add(tf.mul(running, 1 - momentum), tf.mul(batch, momentum));
