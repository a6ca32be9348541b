import { tf } from '../tf.ts';

/**
 * Group normalisation with an optional scale and shift per sample (AdaGN), folded into one multiply and one add over
 * the image: statistics are sums per channel, and everything else happens on [B, C] tensors.
 *
 * y = (x − μ_g) / sqrt(σ²_g + eps) · gamma + beta, then · (1 + scale) + shift.
 *
 * @param x float32 [B, H, W, C] @param gamma float32 [C] @param beta float32 [C] @param groups divides C
 * @param film scale and shift, each float32 [B, C]
 * @returns float32 [B, H, W, C]
 */
export const groupNorm = (
  x: tf.Tensor4D,
  gamma: tf.Tensor,
  beta: tf.Tensor,
  groups: number,
  film?: { scale: tf.Tensor; shift: tf.Tensor },
  eps = 1e-5,
): tf.Tensor4D => {
  const [b, h, w, c] = x.shape;
  const flat = x.reshape([b, h * w, c]);
  const size = (h * w * c) / groups;
  const perGroup = (sums: tf.Tensor): tf.Tensor =>
    sums
      .reshape([b, groups, c / groups])
      .sum(2, true)
      .div(size);
  const perChannel = (stat: tf.Tensor): tf.Tensor => stat.tile([1, 1, c / groups]).reshape([b, c]);
  const [sum, squares] = channelSums(flat);
  const mean = perGroup(sum);
  const variance = tf.relu(perGroup(squares).sub(mean.square()));
  const inverse = tf.rsqrt(variance.add(eps));
  let a = perChannel(inverse).mul(gamma);
  let shift = beta.sub(perChannel(mean).mul(a));
  if (film) {
    const scale = film.scale.add(1);
    a = a.mul(scale);
    shift = shift.mul(scale).add(film.shift);
  }
  return scaleShift(flat, a.reshape([b, 1, c]), shift.reshape([b, 1, c])).reshape([b, h, w, c]);
};

/** Sum and sum of squares over the middle axis. @param x float32 [B, N, C] @returns two float32 [B, C] */
const channelSums = (x: tf.Tensor): [tf.Tensor, tf.Tensor] => [x.sum(1), x.square().sum(1)];

/** x·a + b with a, b broadcast over the middle axis. @param x float32 [B, N, C] @param a, b float32 [B, 1, C] */
const scaleShift = (x: tf.Tensor, a: tf.Tensor, b: tf.Tensor): tf.Tensor => x.mul(a).add(b);
