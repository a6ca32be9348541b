import { EigenvalueDecomposition, Matrix } from 'ml-matrix';

/** A Gaussian fitted to the rows of a matrix. */
export interface Gaussian {
  /** Rows that it was fitted to. */
  readonly count: number;
  /** float64 [D] */
  readonly mean: Float64Array;
  /** float64 [D, D], symmetric, unbiased (divided by count − 1), as pytorch-fid's */
  readonly covariance: Float64Array;
}

/** @param rows float32 [N, D], N at least 2 @param size D */
export const fitGaussian = (rows: Float32Array, size: number): Gaussian => {
  const count = rows.length / size;
  const mean = new Float64Array(size);
  for (let from = 0; from < rows.length; from += size)
    for (let k = 0; k < size; k++) mean[k] = (mean[k] as number) + (rows[from + k] as number);
  for (let k = 0; k < size; k++) mean[k] = (mean[k] as number) / count;
  return { count, mean, covariance: covarianceOf(rows, mean) };
};

/** The upper triangle is added up and mirrored, so that the matrix is symmetric to the last bit. */
const covarianceOf = (rows: Float32Array, mean: Float64Array): Float64Array => {
  const size = mean.length;
  const sums = new Float64Array(size * size);
  const centered = new Float64Array(size);
  for (let from = 0; from < rows.length; from += size) {
    for (let k = 0; k < size; k++) centered[k] = (rows[from + k] as number) - (mean[k] as number);
    for (let i = 0; i < size; i++) {
      const value = centered[i] as number;
      for (let j = i; j < size; j++)
        sums[i * size + j] = (sums[i * size + j] as number) + value * (centered[j] as number);
    }
  }
  const freedom = rows.length / size - 1;
  for (let i = 0; i < size; i++)
    for (let j = i; j < size; j++) {
      const value = (sums[i * size + j] as number) / freedom;
      sums[i * size + j] = value;
      sums[j * size + i] = value;
    }
  return sums;
};

/** The two terms of a Fréchet distance, which add up to it. */
export interface FrechetDistance {
  /** Squared, as the literature reports it. */
  readonly distance: number;
  /** |μ1 − μ2|² */
  readonly ofMeans: number;
  /** tr(S1 + S2 − 2 (S1 S2)^½) */
  readonly ofCovariances: number;
}

/**
 * Fréchet distance between two Gaussians, |μ1 − μ2|² + tr(S1 + S2 − 2 (S1 S2)^½) (Dowson & Landau 1982; Heusel et al. 2017, eq. 6).
 * Of numbers it takes sums, products, quotients and square roots alone, which every machine rounds alike.
 */
export const frechetDistance = (a: Gaussian, b: Gaussian): FrechetDistance => {
  const shift = a.mean.map((value, k) => value - (b.mean[k] as number));
  const ofMeans = shift.reduce((sum, value) => sum + value * value, 0);
  const traces = traceOf(a.covariance, a.mean.length) + traceOf(b.covariance, b.mean.length);
  // Of equal Gaussians, rounding may leave a little less than nothing.
  const ofCovariances = Math.max(0, traces - 2 * traceOfRoot(a.covariance, b.covariance, a.mean.length));
  return { distance: ofMeans + ofCovariances, ofMeans, ofCovariances };
};

const traceOf = (matrix: Float64Array, size: number): number => {
  let sum = 0;
  for (let k = 0; k < size; k++) sum += matrix[k * size + k] as number;
  return sum;
};

/**
 * tr((S1 S2)^½): the sum of the roots of the eigenvalues of S1^½ S2 S1^½, which is symmetric and has those of S1 S2. With S1 = V L Vᵀ,
 * L^½ Vᵀ S2 V L^½ has them too, and spares a product.
 */
const traceOfRoot = (first: Float64Array, second: Float64Array, size: number): number => {
  const { realEigenvalues, eigenvectorMatrix: vectors } = symmetricEigen(matrixOf(first, size));
  const roots = realEigenvalues.map(positiveRoot);
  const product = vectors.transpose().mmul(matrixOf(second, size).mmul(vectors));
  const scaled = (i: number, j: number): number =>
    (roots[i] as number) * (roots[j] as number) * ((product.get(i, j) + product.get(j, i)) / 2);
  const turned = new Matrix(size, size);
  for (let i = 0; i < size; i++) for (let j = 0; j < size; j++) turned.set(i, j, scaled(i, j));
  return symmetricEigen(turned).realEigenvalues.reduce((sum, value) => sum + positiveRoot(value), 0);
};

const symmetricEigen = (matrix: Matrix): EigenvalueDecomposition =>
  new EigenvalueDecomposition(matrix, { assumeSymmetric: true });

/** An eigenvalue of a covariance is not negative: rounding may have made it so. */
const positiveRoot = (value: number): number => Math.sqrt(Math.max(0, value));

const matrixOf = (values: Float64Array, size: number): Matrix => Matrix.from1DArray(size, size, values);

/** What `evaluate/frechet` keeps as `metrics.json`. */
export interface FrechetMetrics extends FrechetDistance {
  readonly kind: 'frechet';
  /** Digest of the recognizer in whose embedding space the distance is measured: distances in others cannot be compared. */
  readonly recognizer: string;
  /** Digest of the set that the judged one is compared with. */
  readonly reference: string;
  /** Images of the judged set and of the reference that were used. */
  readonly images: number;
  readonly referenceImages: number;
  /** Length of an embedding. Gaussians fitted to no more images are singular. */
  readonly dimensions: number;
}

/** Embeddings of images of a set. */
export interface Embedded {
  /** float32 [N, D] */
  readonly embeddings: Float32Array;
  readonly size: number;
}

/** @param data of the judged set @param reference of the set that it is compared with */
export const frechetMetrics = (
  data: Embedded,
  reference: Embedded,
  spaces: Pick<FrechetMetrics, 'recognizer' | 'reference'>,
): FrechetMetrics => {
  const [a, b] = [fitGaussian(data.embeddings, data.size), fitGaussian(reference.embeddings, reference.size)];
  return {
    ...{ kind: 'frechet', ...spaces, images: a.count, referenceImages: b.count, dimensions: data.size },
    ...frechetDistance(a, b),
  };
};
