import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../core/random.ts';
import { atOnce, withPauses } from '../../metrics/pauses.ts';
import { symmetricEigen } from '../../metrics/symmetric-eigen.ts';

/** A symmetric matrix of so many rows; of a rank below that, a covariance of few images. @returns float64 [size, size] */
const symmetric = (size: number, rank = size): Float64Array => {
  const random = randomStream(1, 'symmetric', size, rank);
  const factors = Float64Array.from({ length: size * rank }, () => random() - 0.5);
  return Float64Array.from({ length: size * size }, (_, at) => {
    const [low, high] = [Math.floor(at / size), at % size].sort((a, b) => a - b) as [number, number];
    let sum = 0;
    for (let k = 0; k < rank; k++)
      sum += (factors[low * rank + k] as number) * (factors[high * rank + k] as number) * (k % 2 === 0 ? 1 : -0.5);
    return sum;
  });
};

describe('eigenvalues and vectors of a symmetric matrix', () => {
  // 400 rows have more rotations than are kept, and more columns than are turned at once.
  it.each([...[1, 2, 3, 8, 65, 130].map((size) => [size, size]), [40, 3], [400, 400]])(
    'of %i rows and rank %i are those of ml-matrix, to the digit',
    (size, rank) => {
      const matrix = symmetric(size as number, rank);
      const found = atOnce(symmetricEigen(matrix, size as number, { vectors: true }));
      const library = new EigenvalueDecomposition(Matrix.from1DArray(size as number, size as number, matrix), {
        assumeSymmetric: true,
      });
      expect([...found.values]).toEqual(library.realEigenvalues);
      const apart = library.eigenvectorMatrix
        .transpose()
        .to1DArray()
        .filter((value, i) => value !== found.rows[i]);
      expect(apart).toEqual([]);
    },
  );

  it('turn the matrix into its eigenvalues, which rise', () => {
    const size = 30;
    const matrix = symmetric(size);
    const { values, rows } = atOnce(symmetricEigen(matrix, size, { vectors: true }));
    for (let i = 0; i < size; i++)
      for (let row = 0; row < size; row++) {
        let sum = 0;
        for (let k = 0; k < size; k++) sum += (matrix[row * size + k] as number) * (rows[i * size + k] as number);
        expect(sum).toBeCloseTo((values[i] as number) * (rows[i * size + row] as number), 10);
      }
    expect([...values]).toEqual([...values].sort((a, b) => a - b));
  });

  it('are the same without the vectors, and with pauses', async () => {
    const matrix = symmetric(130);
    const { values } = atOnce(symmetricEigen(matrix, 130, { vectors: true }));
    const alone = atOnce(symmetricEigen(matrix, 130, { vectors: false }));
    expect(alone.values).toEqual(values);
    expect(alone.rows).toHaveLength(0);
    let pauses = 0;
    const paused = await withPauses(symmetricEigen(matrix, 130, { vectors: true }), async () => void pauses++);
    expect(paused.values).toEqual(values);
    expect(pauses).toBeGreaterThan(4);
  });

  it('leave the matrix as it is', () => {
    const matrix = symmetric(9);
    atOnce(symmetricEigen(matrix, 9, { vectors: true }));
    expect(matrix).toEqual(symmetric(9));
  });
});
