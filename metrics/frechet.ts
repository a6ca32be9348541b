import { atOnce, type Paused } from './pauses.ts';
import { symmetricEigen } from './symmetric-eigen.ts';

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
export const fitGaussian = (rows: Float32Array, size: number): Gaussian => atOnce(fittingGaussian(rows, size));

/** The same in pieces: 10,000 rows of Inception's 2048 numbers took 23 s on a busy core, so that 50,000 take two minutes. */
export function* fittingGaussian(rows: Float32Array, size: number): Paused<Gaussian> {
  const count = rows.length / size;
  const mean = new Float64Array(size);
  for (let from = 0; from < rows.length; from += size)
    for (let k = 0; k < size; k++) mean[k] = (mean[k] as number) + (rows[from + k] as number);
  for (let k = 0; k < size; k++) mean[k] = (mean[k] as number) / count;
  return { count, mean, covariance: yield* covarianceOf(rows, mean) };
}

/** Rows whose products are added in one pass over the sums: one after another, so that each sum rounds as if they came one by one. */
const rowsAtOnce = 4;
/** Rows between two pauses. */
const rowsAPiece = 64 * rowsAtOnce;

/** The upper triangle is added up and mirrored, so that the matrix is symmetric to the last bit. */
function* covarianceOf(rows: Float32Array, mean: Float64Array): Paused<Float64Array> {
  const size = mean.length;
  const sums = new Float64Array(size * size);
  const count = rows.length / size;
  for (let from = 0; from < count; from += rowsAPiece) {
    addProducts(sums, rows.subarray(from * size, Math.min(count, from + rowsAPiece) * size), mean);
    yield;
  }
  const freedom = count - 1;
  for (let i = 0; i < size; i++)
    for (let j = i; j < size; j++) {
      const value = (sums[i * size + j] as number) / freedom;
      sums[i * size + j] = value;
      sums[j * size + i] = value;
    }
  return sums;
}

/** Adds the products of every two numbers of each row, less their means, to the upper triangle of `sums`. */
const addProducts = (sums: Float64Array, rows: Float32Array, mean: Float64Array): void => {
  const size = mean.length;
  const centered = Array.from({ length: rowsAtOnce }, () => new Float64Array(size));
  const [first, second, third, fourth] = centered as [Float64Array, Float64Array, Float64Array, Float64Array];
  for (let from = 0; from < rows.length; from += rowsAtOnce * size) {
    for (const [n, row] of centered.entries())
      for (let k = 0; k < size; k++) {
        const at = from + n * size + k;
        // Behind the last row, zeros change no sum.
        row[k] = at < rows.length ? (rows[at] as number) - (mean[k] as number) : 0;
      }
    for (let i = 0; i < size; i++) {
      const [a, b, c, d] = [first[i] as number, second[i] as number, third[i] as number, fourth[i] as number];
      for (let j = i; j < size; j++)
        sums[i * size + j] =
          (sums[i * size + j] as number) +
          a * (first[j] as number) +
          b * (second[j] as number) +
          c * (third[j] as number) +
          d * (fourth[j] as number);
    }
  }
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
export const frechetDistance = (a: Gaussian, b: Gaussian): FrechetDistance => atOnce(measuringFrechet(a, b));

/** The same in pieces: of Inception's 2048 numbers it took 55 s on a busy core, where ml-matrix and plain loops needed about four minutes. */
export function* measuringFrechet(a: Gaussian, b: Gaussian): Paused<FrechetDistance> {
  const shift = a.mean.map((value, k) => value - (b.mean[k] as number));
  const ofMeans = shift.reduce((sum, value) => sum + value * value, 0);
  const traces = traceOf(a.covariance, a.mean.length) + traceOf(b.covariance, b.mean.length);
  const ofRoot = yield* traceOfRoot(a.covariance, b.covariance, a.mean.length);
  // Of equal Gaussians, rounding may leave a little less than nothing.
  const ofCovariances = Math.max(0, traces - 2 * ofRoot);
  return { distance: ofMeans + ofCovariances, ofMeans, ofCovariances };
}

const traceOf = (matrix: Float64Array, size: number): number => {
  let sum = 0;
  for (let k = 0; k < size; k++) sum += matrix[k * size + k] as number;
  return sum;
};

/**
 * tr((S1 S2)^½): the sum of the roots of the eigenvalues of S1^½ S2 S1^½, which is symmetric and has those of S1 S2. With S1 = V L Vᵀ,
 * L^½ Vᵀ S2 V L^½ has them too, and spares a product.
 */
function* traceOfRoot(first: Float64Array, second: Float64Array, size: number): Paused<number> {
  const { values, rows } = yield* symmetricEigen(first, size, { vectors: true });
  const roots = values.map(positiveRoot);
  // Vᵀ S2, which is (S2 V)ᵀ, then Vᵀ (S2 V).
  const product = yield* productsOfRows(rows, yield* productsOfRows(rows, second, size), size);
  const turned = new Float64Array(size * size);
  for (let i = 0; i < size; i++)
    for (let j = 0; j < size; j++) {
      // The mean with the transpose: rounding leaves the product not quite symmetric.
      const value = ((product[i * size + j] as number) + (product[j * size + i] as number)) / 2;
      turned[i * size + j] = (roots[i] as number) * (roots[j] as number) * value;
    }
  const { values: squares } = yield* symmetricEigen(turned, size, { vectors: false });
  return squares.reduce((sum, value) => sum + positiveRoot(value), 0);
}

/** Inner products of every row of a square matrix with every row of another: left · rightᵀ. */
function* productsOfRows(left: Float64Array, right: Float64Array, size: number): Paused<Float64Array> {
  const products = new Float64Array(size * size);
  for (let j = 0; j < size; j += 4) {
    // Eight sums at once, each in the order of its row. At the last rows, some are computed twice.
    for (let i = 0; i < size; i += 2) addEight(products, left, right, size, i, j);
    if (j % 64 === 0) yield;
  }
  return products;
}

/** Those of rows i and i + 1 with rows j to j + 3, as far as there are such. */
const addEight = (
  products: Float64Array,
  left: Float64Array,
  right: Float64Array,
  size: number,
  i: number,
  j: number,
): void => {
  const last = size - 1;
  const [x, y] = [i * size, Math.min(last, i + 1) * size];
  const [p, q] = [j * size, Math.min(last, j + 1) * size];
  const [r, s] = [Math.min(last, j + 2) * size, Math.min(last, j + 3) * size];
  let [xp, xq, xr, xs] = [0, 0, 0, 0];
  let [yp, yq, yr, ys] = [0, 0, 0, 0];
  for (let k = 0; k < size; k++) {
    const first = left[x + k] as number;
    const second = left[y + k] as number;
    xp += first * (right[p + k] as number);
    xq += first * (right[q + k] as number);
    xr += first * (right[r + k] as number);
    xs += first * (right[s + k] as number);
    yp += second * (right[p + k] as number);
    yq += second * (right[q + k] as number);
    yr += second * (right[r + k] as number);
    ys += second * (right[s + k] as number);
  }
  const columns = [j, Math.min(last, j + 1), Math.min(last, j + 2), Math.min(last, j + 3)];
  for (const [n, value] of [xp, xq, xr, xs].entries()) products[x + (columns[n] as number)] = value;
  for (const [n, value] of [yp, yq, yr, ys].entries()) products[y + (columns[n] as number)] = value;
};

/** An eigenvalue of a covariance is not negative: rounding may have made it so. */
const positiveRoot = (value: number): number => Math.sqrt(Math.max(0, value));

/** What `evaluate/frechet` keeps as `metrics.json`. */
export interface FrechetMetrics extends FrechetDistance {
  readonly kind: 'frechet';
  /** Given where the space is that of the FID's Inception network; else it is a recognizer's. */
  readonly space?: 'inception';
  /** Digest of the network in whose space the distance is measured: distances in others cannot be compared. */
  readonly recognizer: string;
  /** Digest of the set that the judged one is compared with. */
  readonly reference: string;
  /** Images of the judged set and of the reference that were used. */
  readonly images: number;
  readonly referenceImages: number;
  /** Length of an embedding. Gaussians fitted to no more images are singular. */
  readonly dimensions: number;
}

/** @param data of the judged set @param reference of the set that it is compared with @param distance between the two */
export const frechetMetrics = (
  data: Gaussian,
  reference: Gaussian,
  distance: FrechetDistance,
  spaces: Pick<FrechetMetrics, 'space' | 'recognizer' | 'reference'>,
): FrechetMetrics => ({
  ...{ kind: 'frechet', ...spaces },
  ...{ images: data.count, referenceImages: reference.count, dimensions: data.mean.length },
  ...distance,
});
