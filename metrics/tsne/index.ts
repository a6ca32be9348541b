import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { fitGaussian } from '../frechet.ts';
import { jointProbabilities } from './affinities.ts';
import { gradientOf, klDivergence } from './gradient.ts';

export interface TsneOptions {
  /** About how many neighbours a point has. */
  readonly perplexity: number;
  readonly iterations: number;
  /** null: points / earlyExaggeration / 4, at least 50 (Belkina et al. 2019, as scikit-learn counts it). */
  readonly learningRate: number | null;
  /** Factor of all p_ij in the first iterations, so that clusters form before they part. */
  readonly earlyExaggeration: number;
}

/** A map of points in two dimensions. */
export interface TsneMap {
  /** float64 [N, 2] */
  readonly points: Float64Array;
  /** In nats, to six decimals. */
  readonly klDivergence: number;
  /** The one that was used. */
  readonly learningRate: number;
}

/** Iterations with early exaggeration and the lower momentum (scikit-learn's; van der Maaten & Hinton have 50 and 250). */
const explorationIterations = 250;
const momentum = { exploration: 0.5, after: 0.8 };
/** Each number's own factor of the learning rate (Jacobs 1988), as van der Maaten's implementation sets it. */
const gain = { more: 0.2, less: 0.8, least: 0.01 };
/** Standard deviation of the first map along its first axis. */
const startDeviation = 1e-4;

/**
 * Exact t-SNE (van der Maaten & Hinton 2008): time and memory grow with the square of the number of points. It starts from the first two principal
 * components (Kobak & Berens 2019), so that nothing is drawn, and takes sums, products, quotients and square roots alone, which every machine rounds
 * alike. The libraries on npm start at random or compute by WebAssembly where there is some: another machine would get another map.
 *
 * @param rows float32 [N, D], D at least 2 @param size D @param onIteration called before each iteration
 * @throws CemiflowError `TsneInvalid` where the perplexity is too high for so few points
 */
export const tsne = async (
  rows: Float32Array,
  size: number,
  options: TsneOptions,
  onIteration: (iteration: number) => Promise<void> = async () => {},
): Promise<TsneMap> => {
  const joint = jointProbabilities(rows, size, options.perplexity);
  const learningRate = options.learningRate ?? Math.max(50, rows.length / size / options.earlyExaggeration / 4);
  const points = principalStart(rows, size);
  const descent = new Descent(points, learningRate);
  for (let iteration = 0; iteration < options.iterations; iteration++) {
    await onIteration(iteration);
    const exploring = iteration < explorationIterations;
    const gradient = gradientOf(joint, points, exploring ? options.earlyExaggeration : 1);
    descent.step(gradient, exploring ? momentum.exploration : momentum.after);
  }
  // No number that the map follows from is rounded; of this one, another machine's logarithm could change the last digit.
  return { points, klDivergence: Math.round(klDivergence(joint, points) * 1e6) / 1e6, learningRate };
};

/** Gradient descent with momentum and gains, in place. */
export class Descent {
  readonly #points: Float64Array;
  readonly #rate: number;
  readonly #velocity: Float64Array;
  readonly #gains: Float64Array;

  /** @param points float64 [N, 2], which every step moves */
  constructor(points: Float64Array, rate: number) {
    this.#points = points;
    this.#rate = rate;
    this.#velocity = new Float64Array(points.length);
    this.#gains = new Float64Array(points.length).fill(1);
  }

  step(gradient: Float64Array, momentum: number): void {
    for (const [k, slope] of gradient.entries()) {
      const [velocity, held] = [this.#velocity[k] as number, this.#gains[k] as number];
      const gains = velocity * slope < 0 ? held + gain.more : Math.max(held * gain.less, gain.least);
      const moved = momentum * velocity - this.#rate * gains * slope;
      this.#gains[k] = gains;
      this.#velocity[k] = moved;
      this.#points[k] = (this.#points[k] as number) + moved;
    }
  }
}

/** The first two principal components, scaled. Which way an axis points is arbitrary. @returns float64 [N, 2] */
export const principalStart = (rows: Float32Array, size: number): Float64Array => {
  const { count, mean, covariance } = fitGaussian(rows, size);
  const matrix = Matrix.from1DArray(size, size, covariance);
  const { eigenvectorMatrix } = new EigenvalueDecomposition(matrix, { assumeSymmetric: true });
  // Eigenvalues ascend.
  const axes = [size - 1, size - 2].map((column) => eigenvectorMatrix.getColumn(column));
  const scores = new Float64Array(2 * count);
  for (let i = 0; i < count; i++)
    for (const [axis, vector] of axes.entries())
      scores[2 * i + axis] = vector.reduce(
        (sum, value, k) => sum + value * ((rows[i * size + k] as number) - (mean[k] as number)),
        0,
      );
  const variance = scores.reduce((sum, score, k) => (k % 2 === 0 ? sum + score * score : sum), 0) / count;
  const scale = startDeviation / Math.sqrt(variance);
  return scores.map((score) => score * scale);
};
