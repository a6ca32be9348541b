import { exact } from '../../../nn/kernels/annotate.ts';
import { type Tensors, tf } from '../../../nn/tf.ts';
import type { VaeConfig } from './config.ts';
import { decode, encode, type Posterior } from './forward.ts';

/** What the loss is made of besides the network. */
export interface VaeObjective {
  readonly config: VaeConfig;
  /** σ, the deviation that the decoder's images are said to have from what is seen, in units of [-1, 1]. */
  readonly deviation: number;
  /** Weight of the divergence (Higgins et al. 2017); 1 is the bound itself. */
  readonly beta: number;
}

/**
 * The negative evidence lower bound, in nats an image, without its constant: Σ(x̂ − x)² / 2σ² + β KL(q(z | x, c) ‖ N(0, 1)), the
 * first term with one sample z = μ + s·ε (Kingma and Welling 2014, eq. 10; Sohn et al. 2015, eq. 4 with a prior that does not know c).
 *
 * @param batch `images` float32 [B, S, S, 3] in [-1, 1], `identity` float32 [B, identitySize]
 * @param noise ε, float32 [B, latent], standard normal
 */
export const vaeLoss = (
  weights: Tensors,
  { images, identity }: Tensors,
  noise: tf.Tensor2D,
  { config, deviation, beta }: VaeObjective,
): { readonly loss: tf.Scalar; readonly [metric: string]: tf.Scalar } => {
  const [seen, who] = [images as tf.Tensor4D, identity as tf.Tensor2D];
  const posterior = encode(weights, seen, who, config);
  const shown = decode(weights, sampleOf(posterior, noise), who, config);
  const reconstruction = tf.mean(tf.squaredDifference(shown, seen)) as tf.Scalar;
  const kl = divergence(posterior);
  const values = (seen.size / seen.shape[0]) as number;
  const misfit = reconstruction.mul(values / (2 * deviation ** 2));
  return { loss: misfit.add(kl.mul(beta)) as tf.Scalar, reconstruction, kl };
};

/** z = μ + s·ε, differentiable in μ and s. */
const sampleOf = ({ mean, logVariance }: Posterior, noise: tf.Tensor2D): tf.Tensor2D =>
  exact(() => mean.add(logVariance.mul(0.5).exp().mul(noise))) as tf.Tensor2D;

/** KL(N(μ, s²) ‖ N(0, 1)), summed over latents: the mean over images, in nats (Kingma and Welling 2014, appendix B). */
const divergence = ({ mean, logVariance }: Posterior): tf.Scalar =>
  mean.square().add(logVariance.exp()).sub(logVariance).sub(1).sum(1).mean().mul(0.5) as tf.Scalar;
