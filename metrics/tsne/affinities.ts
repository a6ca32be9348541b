import { CemiflowError } from '../../core/errors.ts';
import { exp } from './exp.ts';

/** How near the perplexity of a point must come to the wanted one, as a share of it. */
const tolerance = 1e-7;
/** Halvings of the interval that holds β; a double has no more digits. */
const mostSteps = 100;

/**
 * Joint probabilities of t-SNE (van der Maaten & Hinton 2008, eqs. 1 and 2): p(j|i) is Gaussian in the distance to point i, with the variance at
 * which i has the wanted perplexity, and p_ij = (p(j|i) + p(i|j)) / 2N.
 *
 * @param rows float32 [N, D] @param size D @param perplexity about how many neighbours a point has, below N − 1
 * @returns float64 [N, N], p_ij: symmetric, 0 where i = j, all sum to 1
 * @throws CemiflowError `TsneInvalid`
 */
export const jointProbabilities = (rows: Float32Array, size: number, perplexity: number): Float64Array => {
  const count = rows.length / size;
  if (perplexity >= count - 1)
    throw new CemiflowError(
      'TsneInvalid',
      `perplexity must be below the number of other points, got ${perplexity} with ${count} points`,
      { remedy: 'lower perplexity, or project more images', data: { perplexity, points: count } },
    );
  const conditional = new Float64Array(count * count);
  for (let i = 0; i < count; i++)
    conditional.set(conditionalProbabilities(squaredDistances(rows, size, i), i, perplexity), i * count);
  return conditional.map((p, at) => {
    const mirrored = conditional[(at % count) * count + Math.floor(at / count)] as number;
    return (p + mirrored) / (2 * count);
  });
};

/** Squared Euclidean distances of all points to point i: of unit rows, 2 − 2 cosine. @returns float64 [N] */
const squaredDistances = (rows: Float32Array, size: number, i: number): Float64Array => {
  const distances = new Float64Array(rows.length / size);
  for (let j = 0; j < distances.length; j++) {
    let sum = 0;
    for (let k = 0; k < size; k++) {
      const d = (rows[i * size + k] as number) - (rows[j * size + k] as number);
      sum += d * d;
    }
    distances[j] = sum;
  }
  return distances;
};

/**
 * p(j|i) ∝ exp(−β d_ij), with β = 1 / 2σ² found by bisection. Perplexity is the exponential of the entropy, with natural logarithms.
 *
 * @param distances float64 [N], squared, to point i @returns float64 [N], 0 at i
 */
const conditionalProbabilities = (distances: Float64Array, i: number, perplexity: number): Float64Array => {
  // Distances beyond the nearest give the same probabilities, and never a sum of 0.
  const nearest = distances.reduce((low, d, j) => (j === i ? low : Math.min(low, d)), Number.POSITIVE_INFINITY);
  const weights = new Float64Array(distances.length);
  let [low, high, beta] = [0, Number.POSITIVE_INFINITY, 1];
  let sum = 0;
  for (let step = 0; step < mostSteps; step++) {
    let weighted = 0;
    sum = 0;
    for (let j = 0; j < distances.length; j++) {
      if (j === i) continue;
      const d = (distances[j] as number) - nearest;
      const weight = exp(-beta * d);
      weights[j] = weight;
      sum += weight;
      weighted += weight * d;
    }
    const found = sum / exp((-beta * weighted) / sum);
    if (Math.abs(found - perplexity) <= tolerance * perplexity) break;
    if (found > perplexity) low = beta;
    else high = beta;
    beta = high === Number.POSITIVE_INFINITY ? 2 * beta : (low + high) / 2;
  }
  return weights.map((weight) => weight / sum);
};
