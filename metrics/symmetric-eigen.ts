import type { Paused } from './pauses.ts';
import { Rotations } from './rotations.ts';

/** Steps of a decomposition between two pauses: of 2048 rows, they take about a second. */
const stepsAtOnce = 64;

/**
 * Eigenvalues and eigenvectors of a symmetric matrix, by EISPACK's tred2 and tql2 as JAMA and ml-matrix write them: Householder reflections make the
 * matrix tridiagonal, QL steps with implicit shifts diagonal. The digits are ml-matrix's. It takes sums, products, quotients and square roots alone, which
 * every machine rounds alike.
 *
 * @param matrix float64 [N, N] @param vectors whether the vectors are needed: they take most of the time
 * @returns `values` float64 [N], rising; `rows` float64 [N, N], an eigenvector in each row, or empty
 */
export function* symmetricEigen(
  matrix: Float64Array,
  size: number,
  { vectors }: { readonly vectors: boolean },
): Paused<{ readonly values: Float64Array; readonly rows: Float64Array }> {
  const work = new Tridiagonal(matrix, size);
  for (let i = size - 1; i > 0; i--) {
    work.reflect(i);
    if (i % stepsAtOnce === 0) yield;
  }
  const rows = vectors ? work.rows : new Float64Array();
  if (vectors) {
    for (let i = 0; i < size - 1; i++) {
      work.accumulate(i);
      if (i % stepsAtOnce === 0) yield;
    }
  }
  work.finish(vectors);
  const values = work.diagonal;
  const rotations = new Rotations(rows, size);
  const ql = new QlSteps(values, work.beside, vectors ? (i, c, s) => rotations.add(i, c, s) : undefined);
  for (let l = 0; l < size; l++) {
    ql.deflate(l);
    if (l % stepsAtOnce === 0) yield;
  }
  if (vectors) rotations.carryOut();
  sortPairs(values, rows);
  return { values, rows };
}

/** A symmetric matrix on its way to a tridiagonal one. `rows[j, i]` is the element V(i, j) of JAMA, whose loops run down columns. */
class Tridiagonal {
  readonly rows: Float64Array;
  readonly diagonal: Float64Array;
  /** Element i stands left of the diagonal's i-th. */
  readonly beside: Float64Array;
  readonly #size: number;

  constructor(matrix: Float64Array, size: number) {
    this.rows = new Float64Array(size * size);
    for (let i = 0; i < size; i++)
      for (let j = 0; j < size; j++) this.rows[j * size + i] = matrix[i * size + j] as number;
    this.diagonal = Float64Array.from({ length: size }, (_, j) => this.rows[j * size + size - 1] as number);
    this.beside = new Float64Array(size);
    this.#size = size;
  }

  /** The Householder reflection that leaves two elements of row i. */
  reflect(i: number): void {
    const { rows, diagonal: d, beside: e } = this;
    const size = this.#size;
    let scale = 0;
    for (let k = 0; k < i; k++) scale += Math.abs(d[k] as number);
    if (scale === 0) {
      e[i] = d[i - 1] as number;
      for (let j = 0; j < i; j++) {
        d[j] = rows[j * size + i - 1] as number;
        rows[j * size + i] = 0;
        rows[i * size + j] = 0;
      }
      d[i] = 0;
      return;
    }
    let h = 0;
    for (let k = 0; k < i; k++) {
      d[k] = (d[k] as number) / scale;
      h += (d[k] as number) * (d[k] as number);
    }
    const f = d[i - 1] as number;
    const g = f > 0 ? -Math.sqrt(h) : Math.sqrt(h);
    e[i] = scale * g;
    h -= f * g;
    d[i - 1] = f - g;
    this.#project(i, h);
    this.#update(i);
    d[i] = h;
  }

  /** The vector p − K u of the reflection by u, into `beside`. */
  #project(i: number, h: number): void {
    const { rows, diagonal: d, beside: e } = this;
    const size = this.#size;
    e.fill(0, 0, i);
    for (let j = 0; j < i; j++) {
      const f = d[j] as number;
      const at = j * size;
      rows[i * size + j] = f;
      let g = (e[j] as number) + (rows[at + j] as number) * f;
      for (let k = j + 1; k < i; k++) {
        const value = rows[at + k] as number;
        g += value * (d[k] as number);
        e[k] = (e[k] as number) + value * f;
      }
      e[j] = g;
    }
    let f = 0;
    for (let j = 0; j < i; j++) {
      e[j] = (e[j] as number) / h;
      f += (e[j] as number) * (d[j] as number);
    }
    const hh = f / (h + h);
    for (let j = 0; j < i; j++) e[j] = (e[j] as number) - hh * (d[j] as number);
  }

  /** The rank-two update of what is left of the matrix. */
  #update(i: number): void {
    const { rows, diagonal: d, beside: e } = this;
    const size = this.#size;
    for (let j = 0; j < i; j++) {
      const [f, g, at] = [d[j] as number, e[j] as number, j * size];
      for (let k = j; k < i; k++)
        rows[at + k] = (rows[at + k] as number) - (f * (e[k] as number) + g * (d[k] as number));
      d[j] = rows[at + i - 1] as number;
      rows[at + i] = 0;
    }
  }

  /** Multiplies the i-th reflection into the product of those before. */
  accumulate(i: number): void {
    const { rows, diagonal: d } = this;
    const size = this.#size;
    rows[i * size + size - 1] = rows[i * size + i] as number;
    rows[i * size + i] = 1;
    const next = (i + 1) * size;
    const h = d[i + 1] as number;
    if (h !== 0) {
      for (let k = 0; k <= i; k++) d[k] = (rows[next + k] as number) / h;
      // Two rows at once, whose sums do not wait for each other.
      for (let j = 0; j <= i; j += 2) {
        const [low, high] = [j * size, Math.min(i, j + 1) * size];
        let [f, g] = [0, 0];
        for (let k = 0; k <= i; k++) {
          f += (rows[next + k] as number) * (rows[low + k] as number);
          g += (rows[next + k] as number) * (rows[high + k] as number);
        }
        for (let k = 0; k <= i; k++) rows[low + k] = (rows[low + k] as number) - f * (d[k] as number);
        if (high === low) break;
        for (let k = 0; k <= i; k++) rows[high + k] = (rows[high + k] as number) - g * (d[k] as number);
      }
    }
    rows.fill(0, next, next + i + 1);
  }

  /** Leaves the diagonal in `diagonal`. @param accumulated whether `accumulate` has been called for every reflection */
  finish(accumulated: boolean): void {
    const { rows, diagonal: d } = this;
    const size = this.#size;
    for (let j = 0; j < size; j++) {
      const at = j * size + (accumulated ? size - 1 : j);
      d[j] = rows[at] as number;
      if (accumulated) rows[at] = 0;
    }
    rows[size * size - 1] = 1;
    this.beside[0] = 0;
  }
}

/** Rows i and i + 1 are turned in their plane by the angle of cosine c and sine s. */
type Turned = (i: number, c: number, s: number) => void;

/** QL steps with implicit shifts on a tridiagonal matrix. What they turn is handed to `turned`. */
class QlSteps {
  readonly #d: Float64Array;
  readonly #e: Float64Array;
  readonly #turned: Turned | undefined;
  /** What all shifts so far come to. */
  #shift = 0;
  #largest = 0;

  constructor(diagonal: Float64Array, beside: Float64Array, turned?: Turned) {
    this.#d = diagonal;
    this.#e = beside;
    this.#turned = turned;
    beside.copyWithin(0, 1);
    beside[beside.length - 1] = 0;
  }

  /** Steps until the l-th eigenvalue stands alone. */
  deflate(l: number): void {
    const [d, e] = [this.#d, this.#e];
    this.#largest = Math.max(this.#largest, Math.abs(d[l] as number) + Math.abs(e[l] as number));
    const negligible = Number.EPSILON * this.#largest;
    let m = l;
    while (m < d.length && Math.abs(e[m] as number) > negligible) m++;
    if (m > l)
      do {
        this.#step(l, m);
      } while (Math.abs(e[l] as number) > negligible);
    d[l] = (d[l] as number) + this.#shift;
    e[l] = 0;
  }

  /** One step between the l-th and the m-th row. */
  #step(l: number, m: number): void {
    const [d, e] = [this.#d, this.#e];
    const size = d.length;
    const first = d[l] as number;
    const beside = e[l] as number;
    const tangent = ((d[l + 1] as number) - first) / (2 * beside);
    const root = tangent < 0 ? -hypotenuse(tangent, 1) : hypotenuse(tangent, 1);
    d[l] = beside / (tangent + root);
    d[l + 1] = beside * (tangent + root);
    const second = d[l + 1] as number;
    const shift = first - (d[l] as number);
    for (let i = l + 2; i < size; i++) d[i] = (d[i] as number) - shift;
    this.#shift += shift;
    const besideSecond = e[l + 1] as number;
    let p = d[m] as number;
    let [c, c2, c3] = [1, 1, 1];
    let [s, s2] = [0, 0];
    for (let i = m - 1; i >= l; i--) {
      c3 = c2;
      c2 = c;
      s2 = s;
      const [g, h] = [c * (e[i] as number), c * p];
      const r = hypotenuse(p, e[i] as number);
      e[i + 1] = s * r;
      s = (e[i] as number) / r;
      c = p / r;
      p = c * (d[i] as number) - s * g;
      d[i + 1] = h + s * (c * g + s * (d[i] as number));
      this.#turned?.(i, c, s);
    }
    p = (-s * s2 * c3 * besideSecond * beside) / second;
    e[l] = s * p;
    d[l] = c * p;
  }
}

/** √(a² + b²), of which no square is too large for a number. */
const hypotenuse = (a: number, b: number): number => {
  if (Math.abs(a) > Math.abs(b)) return Math.abs(a) * Math.sqrt(1 + (b / a) * (b / a));
  return b === 0 ? 0 : Math.abs(b) * Math.sqrt(1 + (a / b) * (a / b));
};

/** Puts eigenvalues in rising order, and their vectors with them. */
const sortPairs = (values: Float64Array, rows: Float64Array): void => {
  const size = values.length;
  for (let i = 0; i < size - 1; i++) {
    let least = i;
    for (let j = i + 1; j < size; j++) if ((values[j] as number) < (values[least] as number)) least = j;
    if (least === i) continue;
    const value = values[i] as number;
    values[i] = values[least] as number;
    values[least] = value;
    if (rows.length === 0) continue;
    const row = rows.slice(i * size, (i + 1) * size);
    rows.copyWithin(i * size, least * size, (least + 1) * size);
    rows.set(row, least * size);
  }
};
