import { kernelChoice } from '../native/library.ts';
import { tf } from '../tf.ts';
import { attribute, opMany } from './backend.ts';
import { differentiable } from './differentiable.ts';
import { silu } from './silu.ts';

export interface GroupNormOptions {
  /** Scale and shift of each sample, float32 [B, C]. */
  readonly film?: { readonly scale: tf.Tensor; readonly shift: tf.Tensor };
  /** Whether SiLU follows. */
  readonly silu?: boolean;
  readonly eps?: number;
}

/**
 * Group normalisation with an optional scale and shift per sample (AdaGN), and SiLU behind it where it is asked for:
 * y = (x − μ_g) / sqrt(σ²_g + eps) · gamma + beta, then · (1 + scale) + shift.
 *
 * The variance is the mean of (x − μ)²: E[x²] − μ² would lose all digits in float32 where μ is far from 0. Our own kernel
 * reads the image twice forward and four times backward, with SiLU; composed, it is passed over five and seven times without.
 *
 * @param x float32 [B, H, W, C] @param gamma float32 [C] @param beta float32 [C] @param groups divides C
 * @returns float32 [B, H, W, C]
 */
export const groupNorm = (
  x: tf.Tensor4D,
  gamma: tf.Tensor,
  beta: tf.Tensor,
  groups: number,
  { film, silu: activated = false, eps = 1e-5 }: GroupNormOptions = {},
): tf.Tensor4D => {
  const one = film ? film.scale.add(1) : tf.ones([x.shape[0], 1]);
  const scale = gamma.mul(one);
  const shift = film ? beta.mul(one).add(film.shift) : beta.mul(one);
  if (kernelChoice() === 'native') return nativeNormalise(x, scale, shift, groups, activated, eps);
  const y = normalise(x, scale, shift, groups, eps);
  return activated ? (silu(y) as tf.Tensor4D) : y;
};

/** `nn/native/group-norm.h`. @param scale, shift float32 [B, C] */
const nativeNormalise = (
  x: tf.Tensor4D,
  scale: tf.Tensor,
  shift: tf.Tensor,
  groups: number,
  activated: boolean,
  eps: number,
): tf.Tensor4D => {
  const attributes = [attribute.float32('T'), attribute.int('groups', groups), attribute.bool('silu', activated)];
  return differentiable(
    { x, scale, shift },
    (save) => {
      const inputs = [x, scale, shift];
      const [y, ...statistics] = opMany('CemiflowGroupNorm', [...attributes, attribute.float('eps', eps)], inputs, 3);
      save([...inputs, ...statistics]);
      return y as tf.Tensor4D;
    },
    (dy, saved) => {
      const [dx, dScale, dShift] = opMany('CemiflowGroupNormGrad', attributes, [dy, ...saved], 3);
      return { x: () => dx as tf.Tensor, scale: () => dScale as tf.Tensor, shift: () => dShift as tf.Tensor };
    },
  );
};

/**
 * x̂ · scale + shift, x̂ normalised by its group's mean μ and r = 1 / sqrt(σ² + eps).
 *
 * Backward, with M values a group and sums over positions D₁ = Σ dy, D₂ = Σ dy·x:
 * dshift = D₁, dscale = r (D₂ − μ D₁), and dx = r·scale·dy − r²·k₂·x + (r² μ k₂ − r k₁), where k₁ and k₂ are the means
 * over a group of dy·scale and of dy·scale·x̂.
 *
 * @param x float32 [B, N, C] @param scale, shift float32 [B, C]
 */
const normalise = (x: tf.Tensor4D, scale: tf.Tensor, shift: tf.Tensor, groups: number, eps: number): tf.Tensor4D => {
  const [b, h, w, c] = x.shape;
  const size = (h * w * c) / groups;
  /** Sums over each group's channels, given back to each of them. @param t float32 [B, C] */
  const groupMean = (t: tf.Tensor): tf.Tensor =>
    t
      .reshape([b, groups, c / groups])
      .sum(2, true)
      .div(size)
      .tile([1, 1, c / groups])
      .reshape([b, c]);
  const rows = (t: tf.Tensor): tf.Tensor => t.reshape([b, 1, 1, c]);
  return differentiable(
    { x, scale, shift },
    (save) => {
      const mean = groupMean(sumPositions(x));
      const r = tf.div(1, tf.sqrt(groupMean(sumPositions(tf.squaredDifference(x, rows(mean)))).add(eps)));
      const a = r.mul(scale);
      save([x, scale, mean, r]);
      return x.mul(rows(a)).add(rows(shift.sub(mean.mul(a))));
    },
    (dy, saved) => {
      const [x0, scale0, mean, r] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
      const d1 = sumPositions(dy);
      const dScale = r.mul(sumPositions(dy.mul(x0)).sub(mean.mul(d1)));
      return {
        x: () => {
          const k1 = groupMean(scale0.mul(d1));
          const k2 = r.mul(groupMean(scale0.mul(dScale)));
          const constant = r.mul(mean.mul(k2).sub(k1));
          return dy
            .mul(rows(r.mul(scale0)))
            .sub(x0.mul(rows(r.mul(k2))))
            .add(rows(constant));
        },
        scale: () => dScale,
        shift: () => d1,
      };
    },
  );
};

/**
 * Sums over positions: first along rows, then over rows. float32 loses far less in two short sums than in one long sum,
 * and only the first passes over the data.
 *
 * @param t float32 [B, H, W, C] @returns float32 [B, C]
 */
const sumPositions = (t: tf.Tensor): tf.Tensor => t.sum(2).sum(1);
