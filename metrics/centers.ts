/** Identity centers: the mean of each class's unit embeddings, as unit rows. Sums grow block by block. */
export class Centers {
  readonly #sums: Float64Array;
  readonly #size: number;

  constructor(classes: number, size: number) {
    this.#sums = new Float64Array(classes * size);
    this.#size = size;
  }

  /** @param labels int32, the class of every image @param rows the images that `embeddings` [rows, size] are of */
  add(labels: Int32Array, rows: ArrayLike<number>, embeddings: Float32Array): void {
    const size = this.#size;
    for (let i = 0; i < rows.length; i++) {
      const to = (labels[rows[i] as number] as number) * size;
      for (let k = 0; k < size; k++)
        this.#sums[to + k] = (this.#sums[to + k] as number) + (embeddings[i * size + k] as number);
    }
  }

  /** @returns float32 [C, size], unit rows; zeros for a class without images */
  unit(): Float32Array {
    return unitRows(Float32Array.from(this.#sums), this.#size);
  }
}

/** Divides each row by its length, in place. @param rows float32 [N, size] */
export const unitRows = (rows: Float32Array, size: number): Float32Array => {
  for (let from = 0; from < rows.length; from += size) {
    const row = rows.subarray(from, from + size);
    const length = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0)) || 1;
    for (let k = 0; k < size; k++) row[k] = (row[k] as number) / length;
  }
  return rows;
};
