import { exact } from '../kernels/annotate.ts';
import { attribute, opMany } from '../kernels/backend.ts';
import { differentiable, withoutGradient } from '../kernels/differentiable.ts';
import { matMul } from '../kernels/mat-mul.ts';
import { type Tensors, tf } from '../tf.ts';

/** A margin-softmax head. The names are the papers', and those of stored parameters: `m` is the margin. */
export interface Head {
  readonly loss: 'adaface' | 'cosface' | 'arcface';
  /** Margin: 0.4 (AdaFace, CosFace), 0.5 rad (ArcFace). */
  readonly m: number;
  /** AdaFace: how strongly the feature norm moves the margin; 0.333. */
  readonly h: number;
  /** Scale of the cosines; 64. */
  readonly s: number;
  /** AdaFace: weight of one batch in the running statistics of the feature norm; 0.01. */
  readonly t_alpha: number;
}

/** A class of each image. */
export interface Target {
  /** float32 [B, C] */
  readonly oneHot: tf.Tensor2D;
  /** float32 [B, 1], how much the image belongs to it; absent where it is the only class. */
  readonly share?: tf.Tensor2D;
}

/** What is made for each class of the images, added up by their shares. @param make gives float32 [B, C] */
export const blend = (targets: readonly Target[], make: (target: Target) => tf.Tensor2D): tf.Tensor2D =>
  targets
    .map((target) => (target.share ? tf.mul(make(target), target.share) : make(target)))
    .reduce((sum, each) => tf.add(sum, each)) as tf.Tensor2D;

/** Columns of length one. @param kernel float32 [D, C] */
export const unitColumns = (kernel: tf.Tensor2D): tf.Tensor2D =>
  tf.div(kernel, tf.sqrt(tf.sum(tf.square(kernel), 0, true))) as tf.Tensor2D;

/**
 * cos θ between every feature and every class, and the features' norms.
 *
 * @param features float32 [B, D] @param kernel float32 [D, C]
 * @returns `cosine` float32 [B, C] in [-1 + eps, 1 − eps], `norms` float32 [B, 1]
 */
const cosines = (
  features: tf.Tensor2D,
  kernel: tf.Tensor2D,
  eps: number,
): { cosine: tf.Tensor2D; norms: tf.Tensor2D } => {
  const norms = tf.sqrt(tf.sum(tf.square(features), 1, true)) as tf.Tensor2D;
  const cosine = exact(() => matMul(tf.div(features, norms) as tf.Tensor2D, unitColumns(kernel)));
  return { cosine: tf.clipByValue(cosine, -1 + eps, 1 - eps) as tf.Tensor2D, norms };
};

/**
 * Logits of a margin-softmax head: of images of several classes, the blend of those that each class gives.
 *
 * @param features float32 [B, D], not normalised
 * @param kernel float32 [D, C], a column for each class
 * @param statistics AdaFace's running statistics; other heads pass them through
 * @returns `logits` and `cosine` (without margin) float32 [B, C], and the statistics after this batch
 */
export const marginLogits = (
  features: tf.Tensor2D,
  kernel: tf.Tensor2D,
  targets: readonly Target[],
  head: Head,
  statistics: Tensors,
): { logits: tf.Tensor2D; cosine: tf.Tensor2D; statistics: Tensors } => {
  const eps = head.loss === 'adaface' ? 1e-3 : 1e-4;
  const { cosine, norms } = cosines(features, kernel, eps);
  const made = (logitsOf: (oneHot: tf.Tensor2D) => tf.Tensor2D): tf.Tensor2D =>
    blend(targets, ({ oneHot }) => logitsOf(oneHot));
  if (head.loss === 'cosface') return { logits: made((own) => cosFace(cosine, own, head)), cosine, statistics };
  if (head.loss === 'arcface') return { logits: made((own) => arcFace(cosine, own, head)), cosine, statistics };
  const { z, updated } = adaFaceScaler(norms, head, statistics);
  return { logits: made((own) => adaFace(cosine, z, own, head, eps)), cosine, statistics: updated };
};

/** s (cos θ − m) for the image's own class (CosFace eq. 4). */
export const cosFace = (cosine: tf.Tensor2D, oneHot: tf.Tensor2D, { m: margin, s }: Head): tf.Tensor2D =>
  tf.mul(tf.sub(cosine, tf.mul(oneHot, margin)), s);

/**
 * s cos(θ + m) for the image's own class (ArcFace eq. 3). Where θ + m would pass π, the cosine would rise again: there the
 * penalty is linear, s (cos θ − m sin m), as in InsightFace's code.
 */
export const arcFace = (cosine: tf.Tensor2D, oneHot: tf.Tensor2D, { m: margin, s }: Head): tf.Tensor2D =>
  withTarget(cosine, oneHot, s, (target) => {
    const within = withoutGradient(() => tf.cast(tf.greater(target, Math.cos(Math.PI - margin)), 'float32'));
    const turned = tf.cos(tf.add(tf.acos(target), margin));
    const lowered = tf.sub(target, margin * Math.sin(margin));
    return tf.add(tf.mul(turned, within), tf.mul(lowered, tf.sub(1, within)));
  });

/** s [cos(θ − m z) − m (1 + z)] for the image's own class (AdaFace eq. 15). @param z float32 [B, 1] in [-1, 1] */
export const adaFace = (
  cosine: tf.Tensor2D,
  z: tf.Tensor2D,
  oneHot: tf.Tensor2D,
  { m: margin, s }: Head,
  eps = 1e-3,
): tf.Tensor2D =>
  withTarget(cosine, oneHot, s, (target) => {
    const angle = tf.clipByValue(tf.sub(tf.acos(target), tf.mul(z, margin)), eps, Math.PI - eps);
    return tf.sub(tf.cos(angle), tf.mul(tf.add(z, 1), margin));
  });

/**
 * The norm as a sign of image quality: z = clip(h (‖f‖ − μ) / (σ + eps), −1, 1) with running μ and σ, of which no
 * gradient is taken (AdaFace eq. 13, 14). The batch's own statistics enter first, σ as the sample's.
 *
 * @param norms float32 [B, 1]
 */
export const adaFaceScaler = (
  norms: tf.Tensor2D,
  { h, t_alpha }: Head,
  statistics: Tensors,
  eps = 1e-3,
): { z: tf.Tensor2D; updated: Tensors } => {
  const [z, batchMean, batchStd] = withoutGradient(() => {
    const safe = tf.clipByValue(norms, 0.001, 100);
    const mean = tf.mean(safe);
    const variance = tf.div(tf.sum(tf.squaredDifference(safe, mean)), norms.shape[0] - 1);
    const average = (name: string, value: tf.Tensor): tf.Tensor =>
      tf.add(tf.mul(value, t_alpha), tf.mul(statistics[name] as tf.Tensor, 1 - t_alpha));
    const mu = average('head.batch_mean', mean);
    const sigma = average('head.batch_std', tf.sqrt(variance));
    const scaled = tf.mul(tf.div(tf.sub(safe, mu), tf.add(sigma, eps)), h);
    return [tf.clipByValue(scaled, -1, 1), mu, sigma];
  }) as [tf.Tensor2D, tf.Tensor, tf.Tensor];
  return { z, updated: { 'head.batch_mean': batchMean, 'head.batch_std': batchStd } };
};

/** Replaces each row's own-class cosine by a function of it, then scales. Other classes stay as they are. */
const withTarget = (
  cosine: tf.Tensor2D,
  oneHot: tf.Tensor2D,
  s: number,
  change: (target: tf.Tensor2D) => tf.Tensor,
): tf.Tensor2D => {
  const target = tf.sum(tf.mul(cosine, oneHot), 1, true) as tf.Tensor2D;
  return tf.mul(tf.add(cosine, tf.mul(oneHot, tf.sub(change(target), target))), s);
};

/** Cross-entropy of each row by TensorFlow's fused kernel. @param logits, oneHot float32 [B, C] @returns float32 [B] */
export const rowLosses = (logits: tf.Tensor2D, oneHot: tf.Tensor2D): tf.Tensor1D =>
  differentiable(
    { logits },
    (save) => {
      const [loss, backprop] = opMany('SoftmaxCrossEntropyWithLogits', [attribute.float32('T')], [logits, oneHot], 2);
      save([backprop as tf.Tensor]);
      return loss as tf.Tensor1D;
    },
    (dy, [backprop]) => ({ logits: () => tf.mul(backprop as tf.Tensor, tf.reshape(dy, [-1, 1])) }),
  );

/** Mean cross-entropy. @param logits, oneHot float32 [B, C] */
export const crossEntropy = (logits: tf.Tensor2D, oneHot: tf.Tensor2D): tf.Scalar => tf.mean(rowLosses(logits, oneHot));
