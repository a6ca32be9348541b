import { exact } from '../../../nn/kernels/annotate.ts';
import { differentiable, withoutGradient } from '../../../nn/kernels/differentiable.ts';
import { gatherRows } from '../../../nn/kernels/gather.ts';
import { tf } from '../../../nn/tf.ts';

/**
 * The code nearest to each latent, by Euclidean distance; the first where two are as near.
 *
 * @param latents float32 [N, D] @param codebook float32 [K, D] @returns int32 [N]
 */
export const nearestCodes = (latents: tf.Tensor2D, codebook: tf.Tensor2D): tf.Tensor1D =>
  withoutGradient(() =>
    exact(() => {
      // |z − e|² = |z|² − (2 z·e − |e|²), and |z|² is the same for all codes.
      const nearness = tf.matMul(latents, codebook, false, true).mul(2).sub(codebook.square().sum(1));
      return tf.argMax(nearness, 1) as tf.Tensor1D;
    }),
  );

/**
 * Codes by their numbers. The gradient adds up what each code gets, by a product with the one-hot numbers: unlike a scatter, it
 * adds in one order on every device.
 *
 * @param codebook float32 [K, D] @param numbers int32 [N] @returns float32 [N, D]
 */
export const codesOf = (codebook: tf.Tensor2D, numbers: tf.Tensor1D): tf.Tensor2D =>
  exact(() =>
    differentiable(
      { codebook },
      (save) => {
        save([numbers]);
        return gatherRows(codebook, numbers) as tf.Tensor2D;
      },
      (dy, [chosen]) => ({
        codebook: () => tf.matMul(oneHot(chosen as tf.Tensor1D, codebook.shape[0]), dy as tf.Tensor2D, true, false),
      }),
    ),
  );

/** The value of `quantised`, with the gradient of `latents`: the straight-through estimator (van den Oord et al. 2017, §3.2). */
export const straightThrough = <T extends tf.Tensor>(latents: T, quantised: T): T =>
  differentiable(
    { latents },
    () => quantised.clone() as T,
    (dy) => ({ latents: () => tf.clone(dy) }),
  );

/** What quantisation does to a map of latents. */
export interface Quantised {
  /** The nearest codes, float32 [B, h, w, D]; its gradient is that of the latents. */
  readonly latents: tf.Tensor4D;
  /** Draws latents and codes to each other. */
  readonly loss: tf.Scalar;
  /** exp(entropy) of the codes used in the batch: K where all are used alike, 1 where one is used alone. */
  readonly perplexity: tf.Scalar;
}

/**
 * Replaces latents by their nearest codes. The loss is mean|sg(e) − z|² + β mean|e − sg(z)|². The paper has β at the first term; the
 * published code has it at the second, and the published weights were trained with that.
 *
 * @param latents float32 [B, h, w, D] @param codebook float32 [K, D]
 */
export const quantise = (latents: tf.Tensor4D, codebook: tf.Tensor2D, beta: number): Quantised => {
  const [codes, size] = codebook.shape;
  const z = latents.reshape([-1, size]) as tf.Tensor2D;
  const numbers = nearestCodes(z, codebook);
  const e = codesOf(codebook, numbers);
  const [fixedE, fixedZ] = [withoutGradient(() => e.clone()), withoutGradient(() => z.clone())];
  const commitment = tf.mean(tf.squaredDifference(z, fixedE));
  const movement = tf.mean(tf.squaredDifference(e, fixedZ));
  return {
    latents: straightThrough(latents, fixedE.reshape(latents.shape) as tf.Tensor4D),
    loss: commitment.add(movement.mul(beta)) as tf.Scalar,
    perplexity: withoutGradient(() => perplexityOf(numbers, codes)),
  };
};

/** The nearest codes alone, for sampling. @param latents float32 [B, h, w, D] */
export const nearest = (latents: tf.Tensor4D, codebook: tf.Tensor2D): tf.Tensor4D => {
  const z = latents.reshape([-1, codebook.shape[1]]) as tf.Tensor2D;
  return codesOf(codebook, nearestCodes(z, codebook)).reshape(latents.shape) as tf.Tensor4D;
};

const perplexityOf = (numbers: tf.Tensor1D, codes: number): tf.Scalar => {
  const share = oneHot(numbers, codes).mean(0);
  return tf.exp(share.mul(share.add(1e-10).log()).sum().neg()) as tf.Scalar;
};

/** @param numbers int32 [N] @returns float32 [N, K] */
const oneHot = (numbers: tf.Tensor1D, codes: number): tf.Tensor2D =>
  tf.oneHot(numbers, codes, 1, 0, 'float32') as tf.Tensor2D;
