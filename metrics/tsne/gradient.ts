/**
 * Gradient of the Kullback-Leibler divergence of a map from the joint probabilities (van der Maaten & Hinton 2008, eq. 5):
 * 4 Σ_j (p_ij − q_ij) (y_i − y_j) / (1 + |y_i − y_j|²).
 *
 * @param joint float64 [N, N], p_ij @param points float64 [N, 2] @param exaggeration factor of all p_ij @returns float64 [N, 2]
 */
export const gradientOf = (joint: Float64Array, points: Float64Array, exaggeration = 1): Float64Array => {
  const attraction = new Float64Array(points.length);
  const repulsion = new Float64Array(points.length);
  // The 1 of each point to itself is in no q_ij.
  let total = -points.length / 2;
  let pair = 0;
  for (let i = 0; i < points.length; i += 2) {
    const x = points[i] as number;
    const y = points[i + 1] as number;
    let [pullX, pullY, pushX, pushY] = [0, 0, 0, 0];
    for (let j = 0; j < points.length; j += 2) {
      const dx = x - (points[j] as number);
      const dy = y - (points[j + 1] as number);
      const near = 1 / (1 + dx * dx + dy * dy);
      const pull = (joint[pair++] as number) * near;
      const push = near * near;
      total += near;
      pullX += pull * dx;
      pullY += pull * dy;
      pushX += push * dx;
      pushY += push * dy;
    }
    attraction[i] = pullX;
    attraction[i + 1] = pullY;
    repulsion[i] = pushX;
    repulsion[i + 1] = pushY;
  }
  return attraction.map((pull, k) => 4 * (exaggeration * pull - (repulsion[k] as number) / total));
};

/**
 * What the map misses: Σ p_ij ln (p_ij / q_ij) over all pairs, with q_ij ∝ 1 / (1 + |y_i − y_j|²) (eqs. 2 and 4).
 *
 * @param joint float64 [N, N], p_ij @param points float64 [N, 2] @returns in nats
 */
export const klDivergence = (joint: Float64Array, points: Float64Array): number => {
  const count = points.length / 2;
  const squared = joint.map((_, pair) => {
    const [i, j] = [2 * Math.floor(pair / count), 2 * (pair % count)];
    const dx = (points[i] as number) - (points[j] as number);
    const dy = (points[i + 1] as number) - (points[j + 1] as number);
    return 1 + dx * dx + dy * dy;
  });
  const total = squared.reduce((sum, each) => sum + 1 / each, -count);
  return joint.reduce((sum, p, pair) => (p > 0 ? sum + p * Math.log(p * (squared[pair] as number) * total) : sum), 0);
};
