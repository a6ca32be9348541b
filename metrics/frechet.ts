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
  const { realEigenvalues, eigenvectorMatrix } = symmetricEigen(first, size);
  const roots = realEigenvalues.map(positiveRoot);
  const vectors = Float64Array.from(eigenvectorMatrix.to1DArray());
  const product = productOf(transposed(vectors, size), productOf(second, vectors, size), size);
  const turned = new Float64Array(size * size);
  for (let i = 0; i < size; i++)
    for (let j = 0; j < size; j++) {
      // The mean with the transpose: rounding leaves the product not quite symmetric.
      const value = ((product[i * size + j] as number) + (product[j * size + i] as number)) / 2;
      turned[i * size + j] = (roots[i] as number) * (roots[j] as number) * value;
    }
  return symmetricEigen(turned, size).realEigenvalues.reduce((sum, value) => sum + positiveRoot(value), 0);
};

const symmetricEigen = (matrix: Float64Array, size: number): EigenvalueDecomposition =>
  new EigenvalueDecomposition(Matrix.from1DArray(size, size, matrix), { assumeSymmetric: true });

const transposed = (matrix: Float64Array, size: number): Float64Array =>
  matrix.map((_, at) => matrix[(at % size) * size + Math.floor(at / size)] as number);

/** Product of two square matrices, row by row: several times faster than the library's for those of a few hundred rows. */
const productOf = (left: Float64Array, right: Float64Array, size: number): Float64Array => {
  const product = new Float64Array(size * size);
  for (let i = 0; i < size; i++)
    for (let k = 0; k < size; k++) {
      const value = left[i * size + k] as number;
      for (let j = 0; j < size; j++)
        product[i * size + j] = (product[i * size + j] as number) + value * (right[k * size + j] as number);
    }
  return product;
};

/** An eigenvalue of a covariance is not negative: rounding may have made it so. */
const positiveRoot = (value: number): number => Math.sqrt(Math.max(0, value));

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

/** @param data of the judged set @param reference of the set that it is compared with */
export const frechetMetrics = (
  data: Gaussian,
  reference: Gaussian,
  spaces: Pick<FrechetMetrics, 'recognizer' | 'reference'>,
): FrechetMetrics => ({
  ...{ kind: 'frechet', ...spaces },
  ...{ images: data.count, referenceImages: reference.count, dimensions: data.mean.length },
  ...frechetDistance(data, reference),
});
