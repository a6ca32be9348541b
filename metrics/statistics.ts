/** Arithmetic mean. @param values at least one */
export const mean = (values: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] as number;
  return sum / values.length;
};

/** Standard deviation of the values themselves (divided by n), as NumPy's `std`. @param values at least one */
export const populationStd = (values: ArrayLike<number>): number => {
  const center = mean(values);
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += ((values[i] as number) - center) ** 2;
  return Math.sqrt(sum / values.length);
};

/** Linear between neighbours, as NumPy's `quantile`. @param sorted at least one, ascending */
export const quantile = (sorted: Float64Array, share: number): number => {
  const at = share * (sorted.length - 1);
  const low = sorted[Math.floor(at)] as number;
  return low + ((sorted[Math.ceil(at)] as number) - low) * (at - Math.floor(at));
};

/** `count + 1` evenly spaced edges, each rounded to nine decimals so that they print cleanly. */
export const evenEdges = (lowest: number, highest: number, count: number): number[] =>
  Array.from({ length: count + 1 }, (_, i) => Number((lowest + ((highest - lowest) * i) / count).toFixed(9)));

/** Counts per bin [edge, next edge); the last bin includes its upper edge. Values outside are counted in the outer bins. */
export const histogram = (values: ArrayLike<number>, edges: readonly number[]): number[] => {
  const counts = new Array<number>(edges.length - 1).fill(0);
  for (let i = 0; i < values.length; i++) {
    const bin = Math.min(Math.max(binOf(values[i] as number, edges) - 1, 0), counts.length - 1);
    counts[bin] = (counts[bin] as number) + 1;
  }
  return counts;
};

/** How many of the ascending edges lie at or below the value. */
export const binOf = (value: number, edges: readonly number[]): number => {
  let low = 0;
  let high = edges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((edges[middle] as number) <= value) low = middle + 1;
    else high = middle;
  }
  return low;
};
