/** Columns that are turned together: of 2048 rows, they take a megabyte, which a core's own cache holds. */
const columnsAtOnce = 64;
/** Rotations that are kept before they are carried out. */
const mostKept = 2 ** 17;

/**
 * Rotations of neighbouring rows, carried out later and together, in their order: many rotations of few columns, then those of the next columns. One by one,
 * each would fetch two whole rows from memory. Each number is turned as before, to the digit.
 */
export class Rotations {
  readonly #rows: Float64Array;
  readonly #size: number;
  readonly #at = new Int32Array(mostKept);
  readonly #cosines = new Float64Array(mostKept);
  readonly #sines = new Float64Array(mostKept);
  #kept = 0;

  /** @param rows float64 [N, N], turned in place @param size N */
  constructor(rows: Float64Array, size: number) {
    this.#rows = rows;
    this.#size = size;
  }

  /** Rows i and i + 1 are to be turned in their plane by the angle of cosine c and sine s. */
  add(i: number, c: number, s: number): void {
    this.#at[this.#kept] = i;
    this.#cosines[this.#kept] = c;
    this.#sines[this.#kept] = s;
    if (++this.#kept === mostKept) this.carryOut();
  }

  carryOut(): void {
    const size = this.#size;
    for (let from = 0; from < size; from += columnsAtOnce) {
      const width = Math.min(columnsAtOnce, size - from);
      const columns = new Float64Array(size * width);
      for (let i = 0; i < size; i++)
        columns.set(this.#rows.subarray(i * size + from, i * size + from + width), i * width);
      this.#turn(columns, width);
      for (let i = 0; i < size; i++) this.#rows.set(columns.subarray(i * width, (i + 1) * width), i * size + from);
    }
    this.#kept = 0;
  }

  #turn(columns: Float64Array, width: number): void {
    const [at, cosines, sines] = [this.#at, this.#cosines, this.#sines];
    for (let n = 0; n < this.#kept; n++) {
      const row = at[n] as number;
      const [c, s] = [cosines[n] as number, sines[n] as number];
      // In a QL step, the next rotation is of the rows above: the one that both turn is fetched once.
      if (n + 1 < this.#kept && at[n + 1] === row - 1) {
        n++;
        turnThree(columns, width, (row - 1) * width, c, s, cosines[n] as number, sines[n] as number);
      } else turnTwo(columns, width, row * width, c, s);
    }
  }
}

/** Turns a row that begins at `at`, and the one after it. */
const turnTwo = (columns: Float64Array, width: number, at: number, c: number, s: number): void => {
  for (let k = at; k < at + width; k++) {
    const low = columns[k] as number;
    const high = columns[k + width] as number;
    columns[k + width] = s * low + c * high;
    columns[k] = c * low - s * high;
  }
};

/** Turns the second and third of three rows by the first angle, then the first and second by the second. */
const turnThree = (
  columns: Float64Array,
  width: number,
  at: number,
  c: number,
  s: number,
  c2: number,
  s2: number,
): void => {
  for (let k = at; k < at + width; k++) {
    const low = columns[k] as number;
    const middle = columns[k + width] as number;
    const high = columns[k + 2 * width] as number;
    columns[k + 2 * width] = s * middle + c * high;
    const turned = c * middle - s * high;
    columns[k + width] = s2 * low + c2 * turned;
    columns[k] = c2 * low - s2 * turned;
  }
};
