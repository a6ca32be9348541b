/**
 * The sum of float64 numbers in the order in which NumPy adds them, so that means and deviations agree with NumPy's to the last
 * digit: fewer than 8 one after the other, up to 128 in eight interleaved sums, more by halves.
 */
export const pairwiseSum = (values: ArrayLike<number>, from = 0, to = values.length): number => {
  const count = to - from;
  const at = (i: number): number => values[from + i] as number;
  if (count < lanes) {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += at(i);
    return sum;
  }
  if (count > block) {
    const half = Math.floor(count / 2);
    const middle = from + half - (half % lanes);
    return pairwiseSum(values, from, middle) + pairwiseSum(values, middle, to);
  }
  const r = Array.from({ length: lanes }, (_, lane) => at(lane)) as Lanes;
  const whole = count - (count % lanes);
  for (let i = lanes; i < whole; i++) r[i % lanes] = (r[i % lanes] as number) + at(i);
  let sum = r[0] + r[1] + (r[2] + r[3]) + (r[4] + r[5] + (r[6] + r[7]));
  for (let i = whole; i < count; i++) sum += at(i);
  return sum;
};

type Lanes = [number, number, number, number, number, number, number, number];

/** Of `pairwise_sum` in NumPy's `loops_utils.h.src`: numbers that are added side by side, and the most without halving. */
const lanes = 8;
const block = 128;

/** Arithmetic mean as NumPy's `mean` of float64. @param values at least one */
export const numpyMean = (values: ArrayLike<number>): number => pairwiseSum(values) / values.length;

/** Population standard deviation as NumPy's `std` of float64. @param values at least one */
export const numpyStd = (values: ArrayLike<number>): number => {
  const center = numpyMean(values);
  const squares = Float64Array.from(values, (value) => (value - center) * (value - center));
  return Math.sqrt(numpyMean(squares));
};
